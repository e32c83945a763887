import { randomUUID } from 'node:crypto';
import type { Lane } from '../define.ts';
import type { Database } from './database.ts';
import { inBatches } from './in-batches.ts';

/** Seconds that a lease holds; it is renewed each second while its holder works. */
export const leaseTermSeconds = 3;

/** As many as one statement takes or gives back. */
const mostAtOnce = 64;

export interface Lease {
  runId: string;
  lane: Lane;
  epoch: number;
}

export interface Leases {
  /** This process's name among the holders. */
  holder: string;
  take(runId: string, lane: Lane): Promise<Lease | undefined>;
  /** False when another has taken it meanwhile, or it was given back. */
  renew(lease: Lease): Promise<boolean>;
  release(lease: Lease): Promise<void>;
}

export const createLeases = (database: Database): Leases => {
  const holder = `${process.pid}-${randomUUID().slice(0, 8)}`;
  type Wanted = Pick<Lease, 'runId' | 'lane'>;

  const takeMany = inBatches(mostAtOnce, async (wanted: Wanted[]): Promise<(number | null)[]> => {
    const { pid, start } = await database.presence();
    const order = inOrder(wanted);
    const { rows } = await database.pool.query({
      name: 'lease-take',
      text: `SELECT take_lease(wanted.run, wanted.lane, $3, $4, $5, $6) AS epoch
             FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted (run, lane, place) ORDER BY place`,
      values: [
        order.map((i) => wanted[i]!.runId),
        order.map((i) => wanted[i]!.lane),
        holder,
        pid,
        start,
        leaseTermSeconds,
      ],
    });
    const epochs = new Map(order.map((i, place) => [i, rows[place].epoch as number | null]));
    return wanted.map((_, i) => epochs.get(i)!);
  });

  /** Sets when leases end, where they are still those that are named and `condition` holds. Answers which were. */
  const endAt = (name: string, end: string, condition: string) =>
    inBatches(mostAtOnce, async (leases: Lease[]): Promise<boolean[]> => {
      const order = inOrder(leases);
      const { rows } = await database.pool.query({
        name,
        text: `WITH mine AS (
                 SELECT held.run_id, held.lane, given.epoch FROM leases held
                 JOIN unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS given (run, lane, epoch, place)
                   ON held.run_id = given.run AND held.lane = given.lane AND held.epoch = given.epoch
                 WHERE ${condition} ORDER BY given.place FOR UPDATE OF held
               )
               UPDATE leases SET expires_at = ${end} FROM mine
               WHERE leases.run_id = mine.run_id AND leases.lane = mine.lane RETURNING leases.run_id, leases.lane, leases.epoch`,
        values: [
          order.map((i) => leases[i]!.runId),
          order.map((i) => leases[i]!.lane),
          order.map((i) => leases[i]!.epoch),
        ],
      });
      // By name and epoch: several steps of one lane may renew its one lease in the same moment, and the row comes once.
      const nameOf = (run: string, lane: string, epoch: number) => `${run} ${lane} ${epoch}`;
      const done = new Set(rows.map(({ run_id, lane, epoch }) => nameOf(run_id, lane, epoch)));
      return leases.map(({ runId, lane, epoch }) => done.has(nameOf(runId, lane, epoch)));
    });
  const renewMany = endAt(
    'lease-renew',
    `clock_timestamp() + make_interval(secs => ${leaseTermSeconds})`,
    `held.expires_at > '-infinity'`,
  );
  // The row stays, expired, so that the next epoch is higher than every one before it.
  const releaseMany = endAt('lease-release', `'-infinity'`, 'true');

  return {
    holder,
    async take(runId, lane) {
      const epoch = await takeMany({ runId, lane });
      return epoch === null ? undefined : { runId, lane, epoch };
    },
    renew: (lease) => renewMany(lease),
    async release(lease) {
      await releaseMany(lease);
    },
  };
};

/** Places in the order in which everybody locks leases, so that two who lock many never wait for each other in a circle. */
const inOrder = (leases: readonly Pick<Lease, 'runId' | 'lane'>[]): number[] =>
  leases.map((_, i) => i).sort((a, b) => compareLeases(leases[a]!, leases[b]!));

export const compareLeases = (a: { runId: string; lane: string }, b: { runId: string; lane: string }): number =>
  a.runId === b.runId ? (a.lane < b.lane ? -1 : 1) : a.runId < b.runId ? -1 : 1;
