import type { SandboxContext, SandboxPart } from '../part.ts';
import { answerNode, answerSentinel } from './commands.ts';
import { createGroup, type RedisGroup, type RedisNode } from './group.ts';
import { type RespServer, startRespServer } from './resp-server.ts';

const nodesOfGroup = 3;

/** Every Redis under Sentinel of the plans: its nodes, and the Sentinels at the addresses that the plan gives. */
export const startRedis = async (context: SandboxContext, secrets: Record<string, string>): Promise<SandboxPart> => {
  const groups: RedisGroup[] = [];
  const servers: RespServer[] = [];
  const hosts: string[] = [];
  const serverOf = new Map<RedisNode, RespServer>();
  for (const plan of context.plans)
    for (const [name, component] of Object.entries(plan.components)) {
      if (component.kind !== 'redis-sentinel') continue;
      const place = plan.prefer.find((each) => component[each] !== undefined);
      if (place === undefined) continue;
      const region = plan.regions[place]?.aws ?? place;
      const { sentinels, master } = component[place] as { sentinels: string[]; master: string };
      const passwordOf = (key: string): string | undefined => {
        const reference = component[key] as { env: string } | undefined;
        return reference && secrets[reference.env];
      };
      // In a dead Region packets vanish: connections stay open and nothing is ever said.
      const silent = () => context.faults.regionDown(region) || context.faults.service('redis')?.how === 'hang';
      let group: RedisGroup | undefined;
      const nodeServers: RespServer[] = [];
      for (let at = 0; at < nodesOfGroup; at += 1)
        nodeServers.push(
          await startRespServer(
            (words, connection) => {
              if (!group || silent()) return undefined;
              return answerNode(context, group, group.nodes[at]!, passwordOf('password'), words, connection);
            },
            () => group !== undefined && !group.nodes[at]!.alive,
          ),
        );
      const sentinelServers: RespServer[] = [];
      const ports: number[] = [];
      for (const address of sentinels) {
        const server = await startRespServer(
          (words, connection) => {
            if (!group || silent()) return undefined;
            return answerSentinel(context, [group], ports, passwordOf('sentinel-password'), words, connection);
          },
          () => false,
        );
        sentinelServers.push(server);
        ports.push(server.port);
        hosts.push(`${address}=127.0.0.1:${server.port}`);
      }
      group = createGroup(
        context,
        {
          component: name,
          resource: `redis:${sentinels[0]}/${master}`,
          master,
          region,
          ports: nodeServers.map(({ port }) => port),
        },
        {
          died: (node) => serverOf.get(node)?.cut(),
          switched: (from, to) => {
            const words = `${master} 127.0.0.1 ${from.port} 127.0.0.1 ${to.port}`;
            for (const server of sentinelServers) server.publish('+switch-master', words);
          },
        },
      );
      for (const [at, node] of group.nodes.entries()) serverOf.set(node, nodeServers[at]!);
      groups.push(group);
      servers.push(...nodeServers, ...sentinelServers);
    }
  const nodeOf = (name: unknown): { group: RedisGroup; node: RedisNode } => {
    for (const group of groups) {
      const node = group.nodes.find((each) => each.name === name);
      if (node) return { group, node };
    }
    throw new Error(`no node ${name}`);
  };
  return {
    name: 'redis',
    environment: { MAYDAY_HOSTS: hosts.join(',') },
    control: {
      'GET /redis': () =>
        groups.map((group) => ({
          component: group.component,
          epoch: group.epoch,
          master: group.current().name,
          nodes: group.nodes.map(({ data: _, ...node }) => node),
        })),
      /** As `kill -9` of a node, and as starting it again. */
      'POST /redis/kill': ({ body }) => {
        const { group, node } = nodeOf(body.node);
        group.kill(node);
      },
      'POST /redis/revive': ({ body }) => {
        const { group, node } = nodeOf(body.node);
        group.revive(node);
      },
    },
    close: async () => {
      for (const server of servers) await server.close();
    },
  };
};
