import { sayDuration } from '../plan/duration.ts';
import { openApproval } from './approvals.ts';
import type { LossBound } from './bounds.ts';
import type { RunState } from './state.ts';
import { expectedLosses, previewOf } from './summary.ts';

/** Changes that are said one by one; the card has them all. */
const mostChanges = 20;

/**
 * What somebody says yes to, in plain lines: for wherever they do so away from the card. Throws `run/wrong-state` when nothing is
 * asked.
 */
export const approvalText = (state: RunState): string[] => {
  const { graph, requester, reason, severity } = state.created;
  const { asked } = openApproval(state, new Date(0));
  const forGood = graph.steps.filter(({ effect, stays }) => effect === 'change' && stays !== undefined);
  const named = (place: string) => `${place} (${graph.regions[place] ?? place})`;
  const route =
    graph.from && graph.to && graph.from !== graph.to
      ? `${named(graph.from)} → ${named(graph.to)}`
      : graph.to
        ? named(graph.to)
        : '';
  const changes = previewOf(state)?.changes ?? [];
  return [
    [severity, graph.account ? `account ${graph.account}` : '', route].filter(Boolean).join(' · '),
    `Asked for by ${requester.name}: ${reason}`,
    ...expectedLosses(state).map(
      ({ because, component }) => `Expected loss: ${because}. ${sayBound(asked.bounds, component)}`,
    ),
    ...changes.slice(0, mostChanges).map(({ resource, now, then }) => `${resource}: ${now} → ${then}`),
    changes.length > mostChanges ? `… and ${changes.length - mostChanges} more, on the card.` : '',
    ...graph.steps.flatMap(({ title, whenUnreachable: rule }) =>
      rule?.rule === 'accept-up-to'
        ? `${title}: if it does not answer, the run goes on while at most ${sayDuration(rule.seconds)} can be lost. Approving accepts that.`
        : [],
    ),
    forGood.length > 0 ? `Cannot be taken back: ${forGood.map(({ title }) => title).join('; ')}.` : '',
    `Asked until ${asked.expiresAt}.`,
  ].filter((line) => line !== '');
};

const sayBound = (bounds: readonly LossBound[], component: string): string => {
  const bound = bounds.find((each) => each.component === component);
  if (bound?.seconds == null) return 'Nobody knows how much that is; your yes accepts it.';
  return `Your yes holds up to ${sayDuration(bound.seconds)}${bound.from === 'seen' ? ', which is more than the plan allows for' : ''}.`;
};
