import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from '../http-server.ts';
import type { SandboxContext } from '../part.ts';
import { readBody } from '../read-body.ts';
import type { ClusterMember, PatroniCluster } from './cluster.ts';

/** For how long Patroni looks whether what it was asked for has happened. */
const pollSeconds = 20;

const sourceOf = (path: string) => `Patroni 3.0 REST API, ${path}`;

/** The REST API of one member, with the codes and the words of Patroni 3.0. */
export const answerMember = async (
  context: SandboxContext,
  cluster: PatroniCluster,
  member: ClusterMember,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const path = (request.url ?? '/').split('?')[0]!;
  const text = (status: number, words: string) => {
    response.writeHead(status, { 'content-type': 'text/html' });
    response.end(words);
  };
  if (request.method === 'GET') {
    if (path === '/cluster') return sendJson(response, 200, describeCluster(cluster));
    if (path === '/history') return sendJson(response, 200, cluster.history);
    if (path === '/config') return sendJson(response, 200, cluster.config);
    return sendJson(response, statusOf(cluster, member, path), describeMember(cluster, member));
  }
  const call = `${request.method} ${path}`;
  const refuse = (status: number, words: string) => {
    context.ledger.refuse(`patroni:${call}`, String(status), sourceOf(path));
    text(status, words);
  };
  if (!['PATCH /config', 'POST /switchover', 'POST /failover'].includes(call))
    return refuse(501, `Unsupported method ('${request.method}')`);
  const { login } = cluster;
  const expected = login && `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
  if (expected && request.headers.authorization !== expected) {
    const words = request.headers.authorization ? 'not authenticated' : 'no auth header received';
    return refuse(401, words);
  }
  let body: unknown;
  try {
    body = JSON.parse((await readBody(request)).toString('utf8'));
  } catch {
    body = undefined;
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body) || Object.keys(body).length === 0)
    return refuse(400, 'Bad Request');
  const name =
    call === 'PATCH /config'
      ? 'patroni:PatchConfig'
      : `patroni:${call.endsWith('switchover') ? 'Switchover' : 'Failover'}`;
  const fault = context.faults.take(name);
  if (fault === 'error') return refuse(503, 'Service Unavailable');
  const answer = await change(context, cluster, name, path.slice(1), body as Record<string, any>, refuse);
  // The caller's connection is open but nothing is ever said.
  if (fault === 'timeout' || !answer) return;
  if (typeof answer === 'string') return text(200, answer);
  sendJson(response, 200, answer);
};

const change = async (
  context: SandboxContext,
  cluster: PatroniCluster,
  name: string,
  deed: string,
  body: Record<string, any>,
  refuse: (status: number, words: string) => void,
): Promise<string | object | undefined> => {
  const { resource } = cluster;
  if (deed === 'config') {
    const { visible } = context.ledger.accept(name, resource, { keys: Object.keys(body) });
    patchConfig(cluster.config, body);
    visible();
    return cluster.config;
  }
  const no = (status: number, words: string) => void refuse(status, words);
  const { leader, candidate } = body as { leader?: string; candidate?: string };
  const paused = cluster.config['pause'] === true;
  const title = deed === 'failover' ? 'Failover' : 'Switchover';
  if (deed === 'failover' && !candidate) return no(400, 'Failover could be performed only to a specific candidate');
  if (deed === 'switchover' && !leader) return no(400, 'Switchover could be performed only from a specific leader');
  if (paused && !candidate) return no(400, `${title} is possible only to a specific candidate in a paused state`);
  if (leader && cluster.leader !== leader) return no(412, 'leader name does not match');
  const found = cluster.members.filter((one) => (candidate ? one.name === candidate : one.name !== cluster.leader));
  if (candidate && found.length === 0) return no(412, 'candidate does not exists');
  if (!found.some((one) => one.alive && one.state === 'running' && one.name !== cluster.leader))
    return no(412, `${deed} is not possible: no good candidates have been found`);

  const { visible } = context.ledger.accept(name, resource, { leader, candidate });
  const next = await Promise.race([
    cluster.move(candidate, visible),
    context.clock.sleep(pollSeconds).then(() => null),
  ]);
  if (next === null) return no(503, `${title} status unknown`);
  if (next === undefined) return no(503, `${title} failed`);
  return candidate === undefined || candidate === next
    ? `Successfully ${deed === 'failover' ? 'failed' : 'switched'} over to "${next}"`
    : `${deed === 'failover' ? 'Failed' : 'Switched'} over to "${next}" instead of "${candidate}"`;
};

/** Objects are merged, and null takes a key away. */
const patchConfig = (config: Record<string, any>, patch: Record<string, any>): void => {
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete config[key];
    else if (typeof value === 'object' && !Array.isArray(value) && typeof config[key] === 'object')
      patchConfig(config[key], value);
    else config[key] = value;
  }
};

const statusOf = (cluster: PatroniCluster, member: ClusterMember, path: string): number => {
  const isLeader = cluster.leader === member.name;
  const running = member.state === 'running';
  if (path === '/patroni' || path === '/liveness') return 200;
  if (path === '/readiness') return isLeader || running ? 200 : 503;
  if (path === '/' || /leader|master|primary|read-write/.test(path)) return isLeader ? 200 : 503;
  if (path.includes('replica')) return !isLeader && running ? 200 : 503;
  if (path.includes('read-only') || path.includes('health')) return running ? 200 : 503;
  return 503;
};

const describeMember = (cluster: PatroniCluster, member: ClusterMember) => ({
  state: member.state,
  role: member.writable ? 'master' : 'replica',
  ...(member.state === 'running' && {
    server_version: 150_008,
    timeline: member.timeline,
    xlog: member.writable
      ? { location: 0x3000060 }
      : { received_location: 0x3000060, replayed_location: 0x3000060 - member.lag, paused: false },
  }),
  ...(cluster.leader === undefined && { cluster_unlocked: true }),
  ...(cluster.config['pause'] === true && { pause: true }),
  patroni: { version: '3.0.2', scope: cluster.scope },
});

const describeCluster = (cluster: PatroniCluster) => ({
  members: cluster.members
    // A member that is gone leaves the store with its key; a leader that is gone stands there until it is missed.
    .filter(({ alive, name }) => alive || name === cluster.leader)
    .map((member) => ({
      name: member.name,
      role: member.name === cluster.leader ? 'leader' : 'replica',
      state: member.state,
      api_url: `${member.url.origin}/patroni`,
      host: member.host,
      port: 5432,
      timeline: member.timeline,
      ...(member.name !== cluster.leader && { lag: member.lag }),
    }))
    .sort((one, other) => one.name.localeCompare(other.name)),
  ...(cluster.config['pause'] === true && { pause: true }),
});
