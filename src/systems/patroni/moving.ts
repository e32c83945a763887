import type { StepContext } from '../../define.ts';
import { MaydayError } from '../../errors.ts';
import type { Patroni } from './client.ts';
import { leaderOf } from './cluster-facts.ts';
import type { ClusterTarget } from './cluster-target.ts';

const lookMilliseconds = 500;

/**
 * Asks for another leader. Patroni answers only when that is through, which may take longer than a call may; so the
 * cluster is watched meanwhile, and a leader that is gone is proof enough that it was begun.
 */
export const askToMove = async (
  patroni: Patroni,
  target: ClusterTarget,
  call: { path: '/switchover' | '/failover'; body: { leader?: string; candidate?: string } },
  from: string | undefined,
  context: StepContext,
): Promise<void> => {
  const deadline = await context.beforeChange();
  const ours = new AbortController();
  const signal = AbortSignal.any([deadline, ours.signal]);
  const answered = patroni.change(target, { method: 'POST', ...call }, signal, context);
  answered.catch(() => {});
  const begun = async () => {
    while (!signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, lookMilliseconds));
      const cluster = await patroni.cluster(target, context).catch(() => undefined);
      if (cluster && leaderOf(cluster)?.name !== from) return;
    }
    throw new MaydayError(
      'system/unknown',
      `${target.component}: no answer in time (it may or may not have been done)`,
    );
  };
  try {
    await Promise.race([answered, begun()]);
  } finally {
    ours.abort();
  }
};
