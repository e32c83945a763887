import type { LedgerEntry } from './world.ts';

/** A step of an executed graph, as `mayday run show --json` gives it. */
export interface ExecutedStep {
  id: string;
  title: string;
  phase: string;
  effect: string;
  needs: string[];
  after: string[];
  resources: string[];
  changes: string[];
  /** What a check of a service asks. */
  url?: string | null;
  state: string;
  startedAt?: string | null;
  endedAt?: string | null;
}

/**
 * World seconds of the longest way through the executed graph, when each step lasts as long as the world took between
 * accepting its change and showing it. What only looks, talks or waits for people lasts nothing.
 */
export const criticalPath = (
  steps: readonly ExecutedStep[],
  ledger: readonly LedgerEntry[],
  since: Date,
): { seconds: number; path: string[] } => {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const known = new Map<string, { seconds: number; path: string[] }>();
  const longestTo = (id: string): { seconds: number; path: string[] } => {
    const before = known.get(id);
    if (before) return before;
    const step = byId.get(id);
    if (!step || step.effect === 'notice' || step.state === 'skipped') return { seconds: 0, path: [] };
    const best = [...step.needs, ...step.after]
      .map(longestTo)
      .reduce((a, b) => (b.seconds > a.seconds ? b : a), { seconds: 0, path: [] as string[] });
    const own = secondsOf(step, ledger, since);
    const result = { seconds: best.seconds + own, path: own > 0 ? [...best.path, id] : best.path };
    known.set(id, result);
    return result;
  };
  return steps
    .map(({ id }) => longestTo(id))
    .reduce((a, b) => (b.seconds > a.seconds ? b : a), { seconds: 0, path: [] });
};

const secondsOf = (step: ExecutedStep, ledger: readonly LedgerEntry[], since: Date): number => {
  const asked = step.url && URL.canParse(step.url) ? new URL(step.url) : undefined;
  const own = ledger.filter(
    (entry) =>
      ((step.resources.includes(entry.resource) && step.changes.some((change) => entry.change.startsWith(change))) ||
        (asked !== undefined &&
          entry.change === 'service:Answer' &&
          entry.resource === `service:${asked.hostname}${asked.pathname}`)) &&
      new Date(entry.acceptedAt) >= since &&
      // One resource may be changed by several steps, one after the other.
      (!step.startedAt || Date.parse(entry.acceptedAt) >= Date.parse(step.startedAt) - 1000) &&
      (!step.endedAt || Date.parse(entry.acceptedAt) <= Date.parse(step.endedAt)),
  );
  const ends = own.filter((entry) => entry.visibleAt !== undefined);
  if (ends.length === 0) return 0;
  const start = Math.min(...own.map((entry) => Date.parse(entry.acceptedAt)));
  return (Math.max(...ends.map((entry) => Date.parse(entry.visibleAt!))) - start) / 1000;
};
