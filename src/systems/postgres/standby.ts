import type { Session } from './client.ts';

/** What a server says of itself as a standby. */
export interface StandbyFacts {
  recovering: boolean;
  /** `not paused`, `pause requested` or `paused`; null for a primary. */
  replay: string | null;
  /** Since the last transaction that it replayed, and 0 when it has replayed all that came; null when nobody can say. */
  lagSeconds: number | null;
}

/**
 * By the server's own clock, as the bot's may differ. A quiet source sends nothing, which is no lag: hence the positions
 * in the log are compared first. What was never sent is not counted, because no standby can know of it.
 */
export const standbySql = `
  SELECT pg_is_in_recovery() AS recovering,
    CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() END AS replay,
    CASE WHEN NOT pg_is_in_recovery() THEN NULL
      WHEN pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn() THEN 0
      ELSE greatest(0, round(extract(epoch FROM now() - pg_last_xact_replay_timestamp()), 1))::float8
    END AS "lagSeconds"`;

export const readStandby = async ({ query }: Session): Promise<StandbyFacts> =>
  (await query<StandbyFacts & Record<string, unknown>>(standbySql))[0]!;

export const describeStandby = (host: string, { recovering, replay, lagSeconds }: StandbyFacts): string => {
  if (!recovering) return `${host} is a primary`;
  const paused = replay === 'not paused' ? '' : ', replay paused';
  return `${host} is a standby, ${lagSeconds === null ? 'behind by nobody knows how much' : `${lagSeconds} s behind`}${paused}`;
};
