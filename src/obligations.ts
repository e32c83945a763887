import type pg from 'pg';
import { type Log, readUnfenced, unfencedFact } from './define.ts';
import { MaydayError, messageOf } from './errors.ts';
import type { RunService } from './run-service.ts';

/** An old primary that was left without a proven fence: until it is made safe, nobody may go back to it. */
export interface Obligation {
  incident: string;
  plan: string;
  component: string;
  place: string;
  /** The run that left it so. */
  runId: string;
}

const factPrefix = unfencedFact('');

/** What is owed, from what the incidents' runs have recorded. */
export const openObligations = async (pool: pg.Pool, plan?: string): Promise<Obligation[]> => {
  const { rows } = await pool.query(
    `SELECT i.id AS incident, i.plan, substr(f.key, ${factPrefix.length + 1}) AS component, f.value AS fact
     FROM incidents i, jsonb_each_text(i.facts) f
     WHERE f.key LIKE $1 AND f.value <> '' AND ($2::text IS NULL OR i.plan = $2) ORDER BY i.declared_at, f.key`,
    [`${factPrefix}%`, plan ?? null],
  );
  return rows.map(({ fact, ...rest }) => ({ ...rest, ...readUnfenced(fact) }));
};

/**
 * Starts the flow `fence` for what is owed and not yet being paid. The failover that owes it holds the same resources
 * until it has ended, so this tries again until it may.
 */
export const payObligations = async (pool: pg.Pool, service: RunService, now: () => Date, log: Log): Promise<void> => {
  const owed = await openObligations(pool);
  const byRun = new Map(owed.map((obligation) => [`${obligation.place} ${obligation.runId}`, obligation]));
  for (const { incident, plan, place, runId } of byRun.values()) {
    const { rows } = await pool.query(`SELECT scope, requester, finished_at FROM runs WHERE id = $1`, [runId]);
    const source = rows[0];
    if (!source?.finished_at) continue;
    // One that a person has ended does not end what is owed: it is begun again.
    const { rows: earlier } = await pool.query(
      `SELECT count(*)::int AS ended FROM runs WHERE flow = 'fence' AND plan = $1 AND incident = $2 AND outcome IS NOT NULL`,
      [plan, incident],
    );
    try {
      await service.start(
        { flow: 'fence', plan, scope: source.scope, to: place, incident, reason: `${place} was never fenced` },
        {
          requester: { slack: source.requester, name: 'Mayday', team: '' },
          requestKey: `fence:${runId}:${place}:${earlier[0].ended}`,
          receivedAt: now(),
        },
      );
    } catch (error) {
      if (!(error instanceof MaydayError && error.code === 'claim/held')) log.warn({ plan, place }, messageOf(error));
    }
  }
};
