import type pg from 'pg';
import type { Lane } from '../define.ts';

/**
 * Writes into a run's row when one of its lanes is due, unless its stream has gone on since `afterSeq`. Without that
 * condition a look time that another process has just stored with its append could be written over, and if this one
 * were killed before it looked again, nobody would ever wake the run.
 */
export const createDueTimes =
  (pool: pg.Pool) =>
  async (runId: string, lane: Lane, at: Date | null, afterSeq: number): Promise<void> => {
    await pool.query({
      name: `due-${lane}`,
      // The head is locked before the row, as an append does it.
      text: `WITH head AS (SELECT 1 FROM stream_heads WHERE stream = 'run:' || $1::text AND seq = $3 FOR SHARE)
             UPDATE runs SET look_${lane}_at = $2 WHERE id = $1 AND EXISTS (SELECT FROM head)`,
      values: [runId, at, afterSeq],
    });
  };
