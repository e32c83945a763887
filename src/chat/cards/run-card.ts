import type { Button, KnownBlock } from '@slack/types';
import type { ApprovalRule, GroupView } from '../../define.ts';
import {
  guardedBy,
  hashToApprove,
  missingSlots,
  missingWays,
  sayStepUp,
  sayWho,
  stepUpFor,
} from '../../engine/approvals.ts';
import type { LossBound } from '../../engine/bounds.ts';
import { ruleOf } from '../../engine/controls.ts';
import { hasEnded, isStopped, isUnderWay, type RunState, type StepState } from '../../engine/state.ts';
import { expectedLosses, previewOf, type RunSummary, type StageTime, summarise } from '../../engine/summary.ts';
import { sayDuration } from '../../plan/duration.ts';
import { type Step, workingEngineSteps } from '../../plan/graph.ts';
import { section } from './section.ts';
import { plain, shorten, slackTime } from './text.ts';

export interface Card {
  text: string;
  blocks: KnownBlock[];
}

/** What a button carries: the run, and the hash of what the card showed. An approval of anything else is refused. */
export const buttonValue = (state: RunState): string => `${state.created.run}|${hashToApprove(state)}`;

/** The one message of a run, drawn anew from its state: what is asked for, then what is going on, then how it ended. */
export const runCard = (state: RunState, now: Date): Card => {
  const { created } = state;
  const { graph } = created;
  const summary = summarise(state);
  const title = `${headline[summary.standing]} ${graph.flow} of ${graph.scope}: ${graph.title}`;
  const where = [graph.account ? `account ${graph.account}` : '', route(state)].filter(Boolean).join(' · ');
  const blocks: KnownBlock[] = [
    { type: 'header', text: { type: 'plain_text', text: shorten(title, 150) } },
    section(
      `${where}\nAsked for by <@${created.requester.person}> ${slackTime(created.requestedAt)}: ${plain(shorten(created.reason, 300))}`,
    ),
  ];
  if (summary.standing === 'waiting for approval') blocks.push(...approvalBlocks(state));
  else blocks.push(...progressBlocks(state, summary, now));
  blocks.push({
    type: 'context',
    elements: [
      {
        type: 'mrkdwn',
        text: `Run \`${created.run}\` · plan \`${graph.plan}\` · ${summary.standing === 'waiting for approval' ? 'text to approve' : 'approved text'} \`${hashToApprove(state).slice(0, 12)}\``,
      },
    ],
  });
  return { text: `${plain(shorten(title, 300))}. ${oneLine(state, summary)}`, blocks };
};

const headline: Record<RunSummary['standing'], string> = {
  running: '⏳',
  'waiting for approval': '🔐 Approval needed:',
  halted: '🛑 A human must decide:',
  paused: '⏸️ Paused:',
  unwinding: '↩️ Taking back:',
  succeeded: '✅',
  failed: '❌ Failed:',
  aborted: '⛔ Aborted:',
  cancelled: '⛔ Cancelled:',
  rejected: '⛔ Rejected:',
  expired: '⌛ Expired:',
  voided: '⚠️ Void:',
};

const route = ({ created: { graph } }: RunState): string => {
  const name = (place: string | null) =>
    place === null ? '' : `${plain(place)} (${plain(graph.regions[place] ?? place)})`;
  if (graph.from && graph.to && graph.from !== graph.to) return `*${name(graph.from)} → ${name(graph.to)}*`;
  return graph.to ? `in *${name(graph.to)}*` : '';
};

/** More than these stand behind Details. */
const mostChanges = 20;

const approvalBlocks = (state: RunState): KnownBlock[] => {
  const preview = previewOf(state);
  const open = state.created.graph.steps.find(
    (step) => step.uses === 'engine/approval' && state.steps[step.id]!.state === 'waiting',
  )!;
  const rule = open.input as unknown as ApprovalRule;
  const asked = state.approvals[open.id]!;
  const missing = missingSlots(rule, asked.given);
  const needed = missing.length + asked.given.length;
  const shown = (preview?.changes ?? []).slice(0, mostChanges);
  const again = stepUpFor(state);
  const changes = shown.map(
    ({ resource, region, now, then }) =>
      `• \`${plain(resource)}\`${region ? ` (${region})` : ''}: ${plain(shorten(now, 120))} → *${plain(shorten(then, 120))}*`,
  );
  const more = (preview?.changes.length ?? 0) - shown.length;
  const triage = state.created.graph.steps.filter(
    (step) => step.informative && state.steps[step.id]!.state === 'succeeded',
  );
  const blocks: KnownBlock[] = chunks(changes, 2_800).map(section);
  if (more > 0) blocks.push(section(`… and ${more} more; press Details to see them all.`));
  if (changes.length === 0) blocks.push(section('What would change could not be read.'));
  if (state.paused)
    blocks.push(
      section(
        `⏸️ *Paused by* <@${state.paused.person}>: ${plain(shorten(state.paused.reason, 200))}. Approved or not, nothing begins before it is resumed.`,
      ),
    );
  blocks.push(section(blastRadius(state)));
  const losses = expectedLosses(state).map(
    (loss) => `*Expected loss:* ${plain(loss.because)}. ${sayBound(asked.bounds, loss.component)}`,
  );
  const accepted = state.created.graph.steps.flatMap(({ title, whenUnreachable: rule }) =>
    rule === undefined
      ? []
      : [
          rule.rule === 'accept-up-to'
            ? `*${plain(title)}:* if it does not answer, the run goes on while at most ${sayDuration(rule.seconds)} can be lost. Approving accepts that.`
            : `*${plain(title)}:* if it does not answer, the run stops and asks.`,
        ],
  );
  if (losses.length + accepted.length > 0) blocks.push(section([...losses, ...accepted].join('\n')));
  if (triage.length > 0)
    blocks.push(
      section(
        triage
          .map(
            (step) =>
              `${answerMark(state.steps[step.id]!.output)} ${plain(step.title)}: ${plain(shorten(state.steps[step.id]!.seen, 140))}`,
          )
          .join('\n'),
      ),
    );
  blocks.push(
    section(
      [
        `*${missing.length} of ${needed} approvals missing:* ${whoIsMissing(rule, asked.given)}`,
        ...asked.given.map(({ name, at, stepUp }) => `✅ ${plain(name)} ${slackTime(at)}${sayProof(stepUp)}`),
        ...asked.withdrawn.map(
          ({ name, reason, at }) =>
            `↩️ ${plain(name)} took their yes back ${slackTime(at)}: ${plain(shorten(reason, 200))}`,
        ),
        `Rule “${plain(rule.name)}”: ${plain(sayWho(rule))}${rule.requesterCounts ? '; the requester counts' : '; the requester does not count'}${rule.typedWord ? `; typing ${rule.typedWord}` : ''}${again ? `; proving who you are by ${again.ways.map(sayStepUp).join(' or ')}` : ''}. Expires ${slackTime(asked.expiresAt)}; no answer means no.`,
      ].join('\n'),
    ),
    {
      type: 'actions',
      block_id: 'run-approval',
      elements: [
        {
          type: 'button',
          style: 'primary',
          action_id: 'run:approve',
          text: { type: 'plain_text', text: 'Approve' },
          value: buttonValue(state),
        },
        {
          type: 'button',
          style: 'danger',
          action_id: 'run:reject',
          text: { type: 'plain_text', text: 'Reject …' },
          value: buttonValue(state),
        },
        ...(asked.given.length > 0 ? [withdrawButton(state)] : []),
        {
          type: 'button',
          action_id: 'run:cancel',
          text: { type: 'plain_text', text: 'Cancel' },
          value: buttonValue(state),
          confirm: confirm('Cancel this run?', 'Nothing has been changed, and nothing will be.', 'Cancel the run'),
        },
        detailsButton(state),
      ],
    },
  );
  return blocks;
};

/** Only who has said yes may take it back; whoever else presses it is told so. */
const withdrawButton = (state: RunState): Button => button(state, 'run:withdraw', 'Take back my yes …');

/** How much is touched, where, and what of it is for good. */
const blastRadius = (state: RunState): string => {
  const { graph } = state.created;
  const changing = graph.steps.filter(({ effect, undoes }) => effect === 'change' && undoes === undefined);
  const resources = new Set(changing.flatMap((step) => step.resources));
  const components = graph.claims
    .filter((claim) => claim.startsWith('component:'))
    .map((claim) => claim.split(/[:/]/).at(-1)!);
  const forGood = changing.filter(({ stays }) => stays !== undefined);
  const names = components.slice(0, 8).map(plain).join(', ');
  const more = components.length > 8 ? ` and ${components.length - 8} more` : '';
  return [
    `*Blast radius:* ${count(changing.length, 'change')} to ${count(resources.size, 'resource')}${components.length > 0 ? ` of ${names}${more}` : ''}.`,
    forGood.length === 0
      ? 'Each of them can be taken back.'
      : `*Cannot be taken back:* ${forGood
          .slice(0, 5)
          .map(({ title }) => plain(shorten(title, 80)))
          .join('; ')}${forGood.length > 5 ? ` and ${forGood.length - 5} more` : ''}.`,
  ].join(' ');
};

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

const sayBound = (bounds: readonly LossBound[], component: string): string => {
  const bound = bounds.find((each) => each.component === component);
  if (!bound) return '';
  if (bound.seconds === null) return '⚠️ How much that is nobody knows; approving accepts it.';
  const limit = `Your yes holds up to *${sayDuration(bound.seconds)}*`;
  return bound.from === 'plan' ? `${limit}.` : `⚠️ ${limit}, which is more than the plan allows for.`;
};

const sayProof = (way: string | undefined): string =>
  way === undefined || way === 'signature' ? '' : ` (proven by ${way === 'totp' ? 'a code' : 'a link'})`;

/** Every step with the line that a person could type in its place. */
const detailsButton = (state: RunState): Button => button(state, 'run:details', 'Details');

const confirm = (title: string, text: string, yes: string) => ({
  title: { type: 'plain_text' as const, text: title },
  text: { type: 'plain_text' as const, text },
  confirm: { type: 'plain_text' as const, text: yes },
  deny: { type: 'plain_text' as const, text: 'Go back' },
});

/** Whose yes is missing, in each alternative that is still open; several places for the same people are counted. */
const whoIsMissing = (rule: ApprovalRule, given: Parameters<typeof missingWays>[1]): string => {
  const sayWay = (way: number[]): string => {
    const names = way.map((slot) => rule.slots[slot]!.name);
    return way
      .filter((slot, i) => names.indexOf(rule.slots[slot]!.name) === i)
      .map((slot) => {
        const count = names.filter((name) => name === rule.slots[slot]!.name).length;
        return count === 1 ? who(rule.slots[slot]!) : `${count} different people: ${who(rule.slots[slot]!)}`;
      })
      .join(' and ');
  };
  return [...new Set(missingWays(rule, given).map(sayWay))].join(', *or* ');
};

const who = (group: GroupView): string => {
  if (group.anyOf) return group.anyOf.map(who).join(' or ');
  if (group.live) return `somebody of *${plain(group.name)}*`;
  const people = group.people.map((person) => (person.slack ? `<@${person.slack}>` : plain(person.name)));
  return `${people.join(' or ')} (${plain(group.name)})`;
};

const answerMark = (output: unknown): string => {
  const answer = (output as { answer?: string } | null)?.answer;
  return answer === 'yes' ? '🟢' : answer === 'no' ? '🔴' : '⚪';
};

const progressBlocks = (state: RunState, summary: RunSummary, now: Date): KnownBlock[] => {
  const { graph, lastSeenAliveAt, requestedAt } = state.created;
  const blocks: KnownBlock[] = [];
  const started = Date.parse(lastSeenAliveAt ?? requestedAt);
  const elapsed = ((state.finishedAt ? Date.parse(state.finishedAt) : now.getTime()) - started) / 1000;
  const target = graph.objectives.rtoSeconds;
  const work = workOf(state);
  const count = (which: (step: StepState) => boolean) => work.filter(({ id }) => which(state.steps[id]!)).length;
  const isUntouched = unharmed.includes(summary.standing) && summary.touched.length === 0;
  const failed = count(isStopped);
  const waiting = count(({ state: phase }) => phase === 'pending');
  blocks.push(
    section(
      [
        summary.rtoSeconds === null
          ? `*${sayDuration(elapsed)}* since ${lastSeenAliveAt ? 'it was last seen alive' : 'it was asked for'}, ${Math.round((elapsed / target) * 100)} % of the ${sayDuration(target)} allowed`
          : `*Recovered in ${sayDuration(summary.rtoSeconds)}*, ${Math.round((summary.rtoSeconds / target) * 100)} % of the ${sayDuration(target)} allowed`,
        isUntouched
          ? ''
          : `*${summary.done} of ${summary.total} steps*${failed > 0 ? ` · ${failed} failed` : ''}${waiting > 0 && state.outcome === null ? ` · ${waiting} to come` : ''}`,
        summary.rpoSeconds === null
          ? ''
          : `*Data lost:* at most ${sayDuration(summary.rpoSeconds)}, measured (${sayDuration(graph.objectives.rpoSeconds)} allowed)`,
        summary.approvers.length > 0 ? `*Approved by* ${summary.approvers.map(plain).join(' and ')}` : '',
      ]
        .filter(Boolean)
        .join('\n'),
    ),
  );
  const bars =
    summary.stages.length > 0
      ? summary.stages.map((stage) => sayStage(state, stage, now))
      : partsOfWork.flatMap(
          ([phase, title]) =>
            sayPart(
              state,
              title,
              work.filter((step) => step.phase === phase),
            ) ?? [],
        );
  if (bars.length > 0 && !isUntouched) blocks.push(...chunks(bars, 2_800).map(section));
  const told = linesNow(state, work);
  if (told.length > 0) blocks.push(...chunks(told, 2_800).map(section));
  if (isUntouched) blocks.push(section('*Nothing was changed.*'));
  const isVoid = Object.values(state.steps).find(({ code }) => code === 'voided');
  if (isVoid) blocks.push(section(`*Void:* ${plain(shorten(isVoid.message, 400))}.`));
  if (state.rejected)
    blocks.push(
      section(
        `*Rejected by* <@${state.rejected.person}>: ${plain(shorten(state.rejected.reason, 300))}. Nothing was changed.`,
      ),
    );
  if (state.aborted)
    blocks.push(section(`*Stopped by* <@${state.aborted.person}>: ${plain(shorten(state.aborted.reason, 300))}.`));
  if (state.paused)
    blocks.push(
      section(
        `*Paused by* <@${state.paused.person}> ${slackTime(state.paused.at)}: ${plain(shorten(state.paused.reason, 300))}. Nothing more is started; what is under way is watched to its end.`,
      ),
    );
  if (
    summary.stopped.length > 0 ||
    summary.standing === 'halted' ||
    summary.standing === 'failed' ||
    summary.standing === 'aborted'
  ) {
    blocks.push(
      section(
        [
          ...summary.stopped.map(
            (step) => `*What happened:* ${plain(step.title)}: ${plain(shorten(step.current.message, 400))}`,
          ),
          `*Changed:* ${list(summary.touched)}`,
          summary.maybeTouched.length > 0 ? `*May have been changed:* ${list(summary.maybeTouched)}` : '',
          summary.takenBack.length > 0 ? `*Taken back:* ${list(summary.takenBack)}` : '',
          ...summary.stays.slice(0, 5).map(({ title, why }) => `*Stays:* ${plain(title)}: ${plain(shorten(why, 200))}`),
          `*Not touched:* ${list(summary.notTouched)}`,
        ]
          .filter(Boolean)
          .join('\n'),
      ),
    );
  }
  if (state.outcome === null)
    blocks.push(...manualBlocks(state), ...waiverBlocks(state), ...stoppedBlocks(state), controls(state));
  else
    blocks.push({
      type: 'actions',
      block_id: 'run-controls',
      elements: [
        ...(askedInVain.has(state.outcome) ? [button(state, 'run:again', 'Ask again', { style: 'primary' })] : []),
        detailsButton(state),
      ],
    });
  return blocks;
};

/** What is done for the job itself, without messages, and without taking back unless that is going on. */
export const workOf = (state: RunState): Step[] =>
  state.created.graph.steps.filter(
    (step) =>
      step.effect !== 'notice' &&
      (!step.uses.startsWith('engine/') || workingEngineSteps.has(step.uses)) &&
      (step.undoes === undefined || state.unwinding !== null),
  );

const partsOfWork = [
  ['fence', 'Fence'],
  ['execute', 'Work'],
  ['verify', 'Proof'],
  ['unwind', 'Taking back'],
] as const;

/** A part of the work against its own number of steps, where the plan names no phases with targets. */
const sayPart = (state: RunState, title: string, steps: Step[]): string | undefined => {
  if (steps.length === 0) return undefined;
  const done = steps.filter(({ id }) => hasEnded(state.steps[id])).length;
  const isBad = steps.some(({ id }) => isStopped(state.steps[id]!));
  const isUnsafe = steps.some(({ id }) => isUnfenced(state.steps[id]!));
  const isBegun = steps.some(({ id }) => state.steps[id]!.state !== 'pending');
  const mark = isBad ? '❌' : isUnsafe ? '⚠️' : done === steps.length ? '✅' : isBegun ? '⏳' : '▫️';
  return `${mark} ${title} ${bar(done / steps.length)} ${done} of ${steps.length}`;
};

/** Ten parts; begun counts as one, and full is only what is over. */
const bar = (share: number): string => {
  const used = Math.min(10, Math.max(share > 0 ? 1 : 0, Math.floor(share * 10)));
  return `\`${'█'.repeat(used)}${'░'.repeat(10 - used)}\``;
};

/** More lines than this are one click away, behind Details. */
const mostLines = 10;

/**
 * What somebody needs who looks at it at three in the morning: what stopped, what goes on now, what was not fenced. What
 * has gone well and what is still to come are counted above and stand behind Details, unless all of it is a few lines.
 */
const linesNow = (state: RunState, work: Step[]): string[] => {
  const line = (step: Step) => {
    const current = state.steps[step.id]!;
    const detail = isStopped(current) || current.state === 'skipped' ? current.message : current.seen;
    const said = detail && current.state !== 'pending' ? `: ${plain(shorten(detail, 160))}` : '';
    return `${stepMark(state, step.id)} ${plain(shorten(step.title, 150))}${said}`;
  };
  if (work.length <= mostLines) return work.map(line);
  const is = (which: (step: StepState) => boolean) => (step: Step) => which(state.steps[step.id]!);
  const fences = work.filter((step) => step.phase === 'fence' && hasEnded(state.steps[step.id]));
  const shown = [
    ...work.filter(is(isStopped)),
    ...(state.outcome === null ? work.filter(is(isUnderWay)) : []),
    ...work.filter(is(({ waived }) => waived)),
    ...fences.slice(0, 3),
  ];
  const more = shown.length - mostLines;
  return [...shown.slice(0, mostLines).map(line), ...(more > 0 ? [`… and ${more} more; press Details.`] : [])];
};

const button = (
  state: RunState,
  actionId: string,
  text: string,
  more: Partial<Button> & { step?: string } = {},
): Button => {
  const { step, ...rest } = more;
  return {
    type: 'button',
    // Slack wants each of a message to be another one, so those of a step carry its id.
    action_id: step === undefined ? actionId : `${actionId}:${step}`,
    text: { type: 'plain_text', text },
    value: step === undefined ? buttonValue(state) : `${buttonValue(state)}|${step}`,
    ...rest,
  };
};

/** A phase of the plan against its target: a bar of ten parts, full when the target is used up. */
const sayStage = (state: RunState, { name, title, targetSeconds, seconds, over }: StageTime, now: Date): string => {
  const began = state.created.graph.steps
    .filter((step) => step.stage === name && step.undoes === undefined)
    .flatMap(({ id }) => state.steps[id]!.startedAt ?? []);
  const first = began.length === 0 ? null : Math.min(...began.map((at) => Date.parse(at)));
  const spent = over ? seconds : first === null ? null : (now.getTime() - first) / 1000;
  const mark = spent === null ? '▫️' : spent > targetSeconds ? '🔴' : over ? '✅' : '⏳';
  return `${mark} ${plain(title)} ${bar(spent === null ? 0 : spent / targetSeconds)} ${spent === null ? '–' : sayDuration(spent)} of ${sayDuration(targetSeconds)}`;
};

/** What only a person can do, with what they confirm by saying that it is done. */
const manualBlocks = (state: RunState): KnownBlock[] =>
  state.created.graph.steps
    .filter((step) => step.uses === 'engine/manual' && isUnderWay(state.steps[step.id]!))
    .slice(0, mostStopped)
    .flatMap((step): KnownBlock[] => {
      const { text, checklist } = step.input as { text: string; checklist: string[] };
      return [
        section(
          [`*Yours to do:* ${plain(shorten(text, 600))}`, ...checklist.map((item) => `▫️ ${plain(item)}`)].join('\n'),
        ),
        {
          type: 'actions',
          block_id: `run-manual-${step.id}`,
          elements: [
            button(state, 'run:done', 'It is done', {
              step: step.id,
              style: 'primary',
              confirm: confirm(
                'Is it done?',
                shorten(checklist.length > 0 ? `You confirm: ${checklist.join('; ')}.` : text, 290),
                'It is done',
              ),
            }),
          ],
        },
      ];
    });

/** What one person asks for and another must allow. */
const waiverBlocks = (state: RunState): KnownBlock[] =>
  state.created.graph.steps
    .flatMap((step) => {
      const { waiver } = state.steps[step.id]!;
      return waiver ? [{ step, waiver }] : [];
    })
    .slice(0, mostStopped)
    .flatMap(({ step, waiver }): KnownBlock[] => [
      section(
        `*<@${waiver.person}> asks to ${waiver.deed === 'skip' ? 'leave out' : 'force'}* ${plain(step.title)}: ${plain(shorten(waiver.reason, 300))}\n${ruleOf(state)?.requesterCounts ? 'Whoever may approve this run must allow it.' : 'Somebody else who may approve this run must allow it.'}`,
      ),
      {
        type: 'actions',
        block_id: `run-waiver-${step.id}`,
        elements: [
          button(state, 'run:allow', 'Allow', { step: step.id, style: 'primary' }),
          button(state, 'run:refuse', 'Refuse', { step: step.id }),
        ],
      },
    ]);

/** Each stopped step with what can be done about it; more than these are reached by `/dr run`. */
const stoppedBlocks = (state: RunState): KnownBlock[] => {
  const stopped = state.created.graph.steps.filter(
    (step) => isStopped(state.steps[step.id]!) && state.steps[step.id]!.waiver === null,
  );
  if (state.haltedAt === null) return [];
  const isAlone = stopped.length === 1;
  return stopped.slice(0, mostStopped).flatMap((step): KnownBlock[] => {
    const elements = [
      ...(isAlone ? [] : [button(state, 'run:retry', `Retry ${shorten(step.title, 60)}`, { step: step.id })]),
      ...(step.whenUnreachable
        ? []
        : [button(state, 'run:skip', `Leave out ${shorten(step.title, 55)} …`, { step: step.id })]),
      ...(state.steps[step.id]!.state === 'blocked'
        ? [button(state, 'run:force', `Force ${shorten(step.title, 60)} …`, { step: step.id, style: 'danger' })]
        : []),
    ];
    return elements.length === 0 ? [] : [{ type: 'actions', block_id: `run-stopped-${step.id}`, elements }];
  });
};

/** Of each kind; the rest is reached by `/dr run`. */
const mostStopped = 3;

/** Approved, and nothing that the approval guards has begun. */
const canWithdraw = (state: RunState): boolean =>
  Object.entries(state.approvals).some(
    ([id, { given }]) =>
      given.length > 0 &&
      state.steps[id]!.state === 'succeeded' &&
      guardedBy(state, id).every((step) => state.steps[step.id]!.state === 'pending'),
  );

const controls = (state: RunState): KnownBlock => ({
  type: 'actions',
  block_id: 'run-controls',
  elements: [
    ...(state.haltedAt !== null ? [button(state, 'run:retry', 'Retry', { style: 'primary' })] : []),
    state.paused ? button(state, 'run:resume', 'Resume', { style: 'primary' }) : button(state, 'run:pause', 'Pause'),
    ...(canWithdraw(state) ? [withdrawButton(state)] : []),
    button(state, 'run:abort', 'Abort', {
      style: 'danger',
      confirm: confirm(
        'Abort this run?',
        state.created.graph.unwind?.includes('aborted')
          ? 'Nothing more is started. What is under way is watched to its end, and then what can be taken back is taken back.'
          : 'Nothing more is started. What is under way is watched to its end, and what was changed stays changed.',
        'Abort the run',
      ),
    }),
    detailsButton(state),
  ],
});

/** The question ended without an answer, so the same may be asked as it stands now. */
const askedInVain: ReadonlySet<string> = new Set(['expired', 'voided']);

const unharmed = ['rejected', 'expired', 'cancelled', 'voided'];

/** The run went on, but what it left may still take writes. */
const isUnfenced = ({ output }: StepState): boolean => (output as { fenced?: boolean } | null)?.fenced === false;

export const stepMark = (state: RunState, id: string): string => {
  const step = state.steps[id]!;
  if (state.graph[id]!.informative && step.state === 'succeeded') return answerMark(step.output);
  if (isUnderWay(step)) return '⏳';
  if (isUnfenced(step)) return '⚠️';
  return {
    pending: '▫️',
    succeeded: '✅',
    failed: '❌',
    blocked: '✋',
    skipped: '⏭️',
    refused: '⛔',
    looking: '⏳',
    acting: '⏳',
    waiting: '⏳',
  }[step.state];
};

const list = (resources: string[]): string => {
  if (resources.length === 0) return 'nothing';
  const shown = resources.slice(0, 10).map((resource) => `\`${plain(resource)}\``);
  return resources.length > 10 ? `${shown.join(', ')} and ${resources.length - 10} more` : shown.join(', ');
};

const oneLine = (state: RunState, summary: RunSummary): string => {
  if (summary.standing === 'waiting for approval') return `Reason: ${plain(shorten(state.created.reason, 200))}`;
  if (summary.rtoSeconds !== null) return `Recovered in ${sayDuration(summary.rtoSeconds)}.`;
  return `${summary.done} of ${summary.total} steps.`;
};

/** Lines joined into as few texts as fit a section each. */
const chunks = (lines: string[], most: number): string[] => {
  const texts: string[] = [];
  for (const line of lines) {
    const last = texts.at(-1);
    if (last !== undefined && last.length + line.length < most) texts[texts.length - 1] = `${last}\n${line}`;
    else texts.push(shorten(line, most));
  }
  return texts;
};
