import { randomUUID } from 'node:crypto';
import type { Lane } from '../define.ts';
import type { Database } from './database.ts';

/** Seconds that a lease holds; it is renewed each second while its holder works. */
export const leaseTermSeconds = 3;

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
  return {
    holder,
    async take(runId, lane) {
      const { pid, start } = await database.presence();
      const { rows } = await database.pool.query({
        name: 'lease-take',
        text: 'SELECT take_lease($1, $2, $3, $4, $5, $6) AS epoch',
        values: [runId, lane, holder, pid, start, leaseTermSeconds],
      });
      const epoch: number | null = rows[0].epoch;
      return epoch === null ? undefined : { runId, lane, epoch };
    },
    async renew({ runId, lane, epoch }) {
      const { rowCount } = await database.pool.query({
        name: 'lease-renew',
        text: `UPDATE leases SET expires_at = clock_timestamp() + make_interval(secs => $4)
               WHERE run_id = $1 AND lane = $2 AND epoch = $3 AND expires_at > '-infinity'`,
        values: [runId, lane, epoch, leaseTermSeconds],
      });
      return rowCount === 1;
    },
    async release({ runId, lane, epoch }) {
      // The row stays, expired, so that the next epoch is higher than every one before it.
      await database.pool.query({
        name: 'lease-release',
        text: `UPDATE leases SET expires_at = '-infinity' WHERE run_id = $1 AND lane = $2 AND epoch = $3`,
        values: [runId, lane, epoch],
      });
    },
  };
};
