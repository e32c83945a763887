import type { Step } from '../plan/graph.ts';

/**
 * World seconds until the next look at a change that is under way: 5 s, except from shortly before the time when it is
 * expected to be done, where every second of waiting would be a second of outage. What is overdue is looked at less often
 * again, but never so seldom that the looking adds more than a twentieth to what it takes longer.
 */
export const pollSeconds = (step: Step, sinceActSeconds: number): number => {
  const expected = step.expectedSeconds;
  if (expected <= 10) return 1;
  const nearly = expected * 0.9;
  if (sinceActSeconds < nearly) return Math.min(5, Math.max(1, nearly - sinceActSeconds));
  return Math.min(5, Math.max(1, (sinceActSeconds - nearly) / 20));
};

/** World seconds before a passing fault is tried again: 2, 4, 8 … at most 30, with up to a quarter of jitter. */
export const retrySeconds = (faults: number): number => Math.min(30, 2 ** (faults + 1)) * (1 + Math.random() / 4);
