import { z } from 'zod';

const member = z.object({
  name: z.string(),
  role: z.string(),
  state: z.string(),
  api_url: z.string().optional(),
  host: z.string().optional(),
  port: z.int().optional(),
  timeline: z.int().optional(),
  lag: z.union([z.int(), z.string()]).optional(),
  tags: z.record(z.string(), z.unknown()).optional(),
});

/** What `GET /cluster` says, of Patroni 2 to 4. It is what the members last wrote to their store, so it may be old. */
export const clusterSchema = z.object({ members: z.array(member), pause: z.boolean().optional() });

export type ClusterFacts = z.infer<typeof clusterSchema>;
export type Member = z.infer<typeof member>;

const leading = new Set(['leader', 'master', 'standby_leader']);
const following = new Set(['running', 'streaming']);

export const leaderOf = ({ members }: ClusterFacts): Member | undefined =>
  members.find(({ role }) => leading.has(role));

export const replicasOf = ({ members }: ClusterFacts): Member[] => members.filter(({ role }) => !leading.has(role));

export const isFollowing = ({ state }: Member): boolean => following.has(state);

/** In bytes of log; undefined when the member does not say. */
export const lagBytes = ({ lag }: Member): number | undefined => (typeof lag === 'number' ? lag : undefined);

/** The replica that has most of what the last leader wrote, and may be promoted. */
export const mostAdvanced = (cluster: ClusterFacts): Member | undefined =>
  replicasOf(cluster)
    .filter((each) => isFollowing(each) && each.tags?.['nofailover'] !== true && lagBytes(each) !== undefined)
    .sort((one, other) => lagBytes(one)! - lagBytes(other)! || one.name.localeCompare(other.name))[0];

/** One member as `patronictl list` has it. */
export const describeMember = ({ name, host, role, state, timeline, lag }: Member): string =>
  [
    name,
    ...(host ? [host] : []),
    role,
    state,
    ...(timeline === undefined ? [] : [`timeline ${timeline}`]),
    ...(lag === undefined ? [] : [typeof lag === 'number' ? `${lag} bytes behind` : `lag ${lag}`]),
  ].join(', ');

/** Every member, and that nothing fails over by itself when it is so. */
export const describeCluster = (cluster: ClusterFacts): string =>
  [...cluster.members.map(describeMember), ...(cluster.pause ? ['paused: no automatic failover'] : [])].join('\n');
