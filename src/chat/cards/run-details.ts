import type { Button, KnownBlock, ModalView } from '@slack/types';
import type { RunState } from '../../engine/state.ts';
import { previewOf } from '../../engine/summary.ts';
import { sayDuration } from '../../plan/duration.ts';
import type { Step } from '../../plan/graph.ts';
import { stepMark, workOf } from './run-card.ts';
import { section } from './section.ts';
import { code, plain, shorten } from './text.ts';

/** The same as a step, as a line that a person could type; undefined when there is none. */
export type CommandOf = (step: Step, state: RunState) => string | undefined;

/** A modal may have a hundred blocks; a page of these stays well below, and below what a phone scrolls through. */
const stepsOfPage = 15;
const changesOfPage = 30;

export const detailsCallback = 'run:details';

/** Everything that the card leaves out: each change that is asked for, each step with its line, page by page. */
export const runDetails = (state: RunState, page: number, commandOf: CommandOf): ModalView => {
  const { run, graph } = state.created;
  const changes = previewOf(state)?.changes ?? [];
  const steps = workOf(state);
  const pagesOfChanges = Math.ceil(changes.length / changesOfPage);
  const pages = Math.max(1, pagesOfChanges + Math.ceil(steps.length / stepsOfPage));
  const at = Math.min(Math.max(0, page), pages - 1);
  const blocks: KnownBlock[] =
    at < pagesOfChanges
      ? [
          section(`*What it changes*, ${changes.length} in all`),
          ...changes
            .slice(at * changesOfPage, (at + 1) * changesOfPage)
            .map(({ resource, region, now, then }) =>
              section(
                `\`${plain(shorten(resource, 300))}\`${region ? ` (${plain(region)})` : ''}\n${plain(shorten(now, 400))} → *${plain(shorten(then, 400))}*`,
              ),
            ),
        ]
      : steps
          .slice((at - pagesOfChanges) * stepsOfPage, (at - pagesOfChanges + 1) * stepsOfPage)
          .flatMap((step) => sayStep(state, step, commandOf(step, state)));
  const turn = (text: string, to: number): Button => ({
    type: 'button',
    action_id: `run:page:${to}`,
    text: { type: 'plain_text', text },
    value: `${run}|${graph.hash}|${to}`,
  });
  const turns = [...(at > 0 ? [turn('Back', at - 1)] : []), ...(at < pages - 1 ? [turn('Next', at + 1)] : [])];
  return {
    type: 'modal',
    callback_id: detailsCallback,
    private_metadata: `${run}|${graph.hash}|${at}`,
    title: { type: 'plain_text', text: shorten(`Run ${run}`, 24) },
    close: { type: 'plain_text', text: 'Close' },
    blocks: [
      {
        type: 'context',
        elements: [
          {
            type: 'mrkdwn',
            text: `${plain(graph.flow)} of ${plain(graph.scope)} of ${plain(shorten(graph.title, 100))} · page ${at + 1} of ${pages}`,
          },
        ],
      },
      ...(blocks.length > 0 ? blocks : [section('Nothing is known yet.')]),
      ...(turns.length > 0 ? [{ type: 'actions' as const, block_id: 'run-pages', elements: turns }] : []),
    ],
  };
};

const sayStep = (state: RunState, step: Step, command: string | undefined): KnownBlock[] => {
  const { startedAt, endedAt, message, seen } = state.steps[step.id]!;
  const seconds = startedAt && endedAt ? (Date.parse(endedAt) - Date.parse(startedAt)) / 1000 : null;
  const detail = message || seen;
  return [
    section(
      [
        `${stepMark(state, step.id)} *${plain(shorten(step.title, 200))}* \`${step.id}\`${seconds === null ? '' : ` · ${sayDuration(seconds)}`}`,
        detail ? plain(shorten(detail, 500)) : '',
        command ? `\`\`\`${code(shorten(command, 1_500))}\`\`\`` : '',
      ]
        .filter(Boolean)
        .join('\n'),
    ),
  ];
};
