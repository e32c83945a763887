import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Certificates } from '../certificates.ts';
import type { Databases } from '../databases/databases.ts';
import { isMeantFor, startNamedHosts } from '../named-hosts.ts';
import type { SandboxContext, SandboxPart } from '../part.ts';
import { createCluster, type PatroniCluster } from './cluster.ts';
import { answerMember } from './patroni-api.ts';

/** Every Patroni cluster of the plans, with the API of each member and the database behind its leader. */
export const startPatroni = async (
  context: SandboxContext,
  certificates: Certificates,
  databases: Databases,
  secrets: Record<string, string>,
): Promise<SandboxPart> => {
  const clusters: PatroniCluster[] = [];
  for (const plan of context.plans)
    for (const [name, component] of Object.entries(plan.components)) {
      if (component.kind !== 'patroni-cluster') continue;
      const place = plan.prefer.find((each) => component[each] !== undefined);
      if (place === undefined) continue;
      const region = plan.regions[place]?.aws ?? place;
      const { api, scope } = component[place] as { api: string[]; scope?: string };
      const host: string | undefined = component['host'];
      const database = () => (host === undefined ? undefined : databases.byHost(host));
      const login = component['login'] as { user: string; password: { env: string } } | undefined;
      clusters.push(
        createCluster(
          context,
          {
            plan,
            component: name,
            region,
            scope: scope ?? name,
            resource: `patroni:${scope ?? new URL(api[0]!).host}/${name}`,
            login: login && { user: login.user, password: secrets[login.password.env]! },
            urls: api,
          },
          {
            lost: () => databases.leaderLost(database()),
            ready: () => databases.leaderReady(database()),
            reconnected: () => databases.reconnected(database()),
          },
        ),
      );
    }

  const handle = (request: IncomingMessage, response: ServerResponse) => {
    for (const cluster of clusters) {
      const member = cluster.members.find(({ url }) => isMeantFor(request, url));
      if (!member) continue;
      // In a dead Region packets vanish; of a dead member the machine still says that nobody listens.
      if (context.faults.regionDown(cluster.region) || context.faults.service('patroni')?.how === 'hang') return;
      if (!member.alive) return void response.destroy();
      return void answerMember(context, cluster, member, request, response).catch((error) => {
        context.log('a Patroni failed inside the sandbox', { error: String(error) });
        response.destroy();
      });
    }
    response.writeHead(404).end();
  };
  const server = await startNamedHosts(
    certificates,
    clusters.flatMap(({ members }) => members.map(({ url }) => url)),
    handle,
  );
  const clusterOf = (name: unknown): PatroniCluster => {
    const found = clusters.find(({ members }) => members.some((member) => member.name === name));
    if (!found) throw new Error(`no member ${name}`);
    return found;
  };
  return {
    name: 'patroni',
    environment: { MAYDAY_HOSTS: server.hosts.join(',') },
    control: {
      'GET /patroni': () =>
        clusters.map(({ component, scope, leader, members, config, history }) => ({
          component,
          scope,
          leader,
          config,
          history,
          members: members.map(({ url: _, ...member }) => member),
        })),
      /** As `kill -9` of a member's Patroni and PostgreSQL, and as starting them again. */
      'POST /patroni/kill': ({ body }) => clusterOf(body.member).kill(body.member),
      'POST /patroni/revive': ({ body }) => clusterOf(body.member).revive(body.member),
      'POST /patroni/lag': ({ body }) => {
        if (typeof body.bytes !== 'number') throw new Error('lag needs { member, bytes }');
        clusterOf(body.member).members.find(({ name }) => name === body.member)!.lag = body.bytes;
      },
    },
    close: server.close,
  };
};
