import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commands } from '../../commands/index.ts';
import { checkBlocks } from '../../sandbox/slack/check-blocks.ts';
import { checkView } from '../../sandbox/slack/check-view.ts';
import { commandForm } from '../../src/chat/cards/command-form.ts';
import { homeView } from '../../src/chat/cards/home-view.ts';
import { proposalCard } from '../../src/chat/cards/proposal-card.ts';
import { runCard } from '../../src/chat/cards/run-card.ts';
import { runDetails } from '../../src/chat/cards/run-details.ts';
import { threadLog } from '../../src/chat/cards/thread-log.ts';
import { formFor } from '../../src/chat/run-talk.ts';
import type { Json } from '../../src/define.ts';
import { evolve } from '../../src/engine/evolve.ts';
import { freshStep, type RunState, type StepPhase } from '../../src/engine/state.ts';
import type { Step } from '../../src/plan/graph.ts';
import { fitBlocks } from '../../src/systems/slack/fit-blocks.ts';
import { approvalStep, createdOf, graphOf, step, undoStep } from '../support/engine-world.ts';

/** Judged by the sandbox's Slack, which knows nothing of our cards. */
const runs = 10_000;

const begin = Date.parse('2026-03-01T12:00:00Z');
const now = new Date(begin + 3_600_000);

/** A small generator of its own, so that ten thousand runs take seconds; the seed is what a failure names. */
const dice = (seed: number) => {
  let state = seed >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const below = (most: number) => Math.floor(next() * most);
  const pick = <T>(all: readonly T[]): T => all[below(all.length)]!;
  return { below, pick, chance: (share: number) => next() < share };
};
type Dice = ReturnType<typeof dice>;

const bits = [
  'the database is slow',
  '<!channel>',
  '<@U0EVIL> <https://evil.example|here>',
  '```',
  '`',
  '*bold* _it_ ~no~',
  '&amp; & <',
  '👩‍👩‍👧‍👦🔥',
  '\u202eabc\u2069',
  '\ud83d',
  '𝕏'.repeat(40),
  'a'.repeat(200),
  'line\nline\n\nline',
  '',
  ' ',
  '日本語の理由',
  '|',
  '"quoted" \\',
];
const textOf = ({ pick, below, chance }: Dice, long = 4): string => {
  const count = chance(0.05) ? below(long * 40) : below(long);
  return Array.from({ length: count }, () => pick(bits))
    .join(' ')
    .toWellFormed();
};
const countOf = ({ below, chance }: Dice, most: number) => (chance(0.03) ? below(most) : below(8));

const phases: StepPhase[] = [
  'pending',
  'looking',
  'acting',
  'waiting',
  'failed',
  'blocked',
  'succeeded',
  'skipped',
  'refused',
];

const randomRun = (roll: Dice): RunState => {
  const { below, pick, chance } = roll;
  const stages = chance(0.3)
    ? Array.from({ length: countOf(roll, 30) }, (_, i) => ({
        name: `stage-${i}`,
        title: textOf(roll),
        targetSeconds: 1 + below(5000),
      }))
    : [];
  const steps: Step[] = Array.from({ length: countOf(roll, 300) }, (_, i) => {
    const uses = pick(['world/set', 'world/turn', 'world/says', 'world/tell', 'engine/wait', 'engine/manual']);
    const isManual = uses === 'engine/manual';
    return step(`s${i}-${'x'.repeat(below(50))}`, {
      uses,
      title: textOf(roll) || `step ${i}`,
      phase: pick(['declare', 'fence', 'execute', 'verify', 'report'] as const),
      ...(isManual && {
        input: {
          text: textOf(roll, 20) || 'do it',
          checklist: Array.from({ length: below(15) }, () => textOf(roll)),
        } as Json,
      }),
      ...(stages.length > 0 && chance(0.7) && { stage: pick(stages).name }),
      ...(chance(0.1) && { whenUnreachable: { rule: 'ask' } as const }),
      ...(chance(0.1) && { stays: textOf(roll) }),
      informative: uses === 'world/says' && chance(0.5),
      resources: uses.startsWith('world/') ? Array.from({ length: below(3) }, () => `world:${textOf(roll, 3)}`) : [],
    });
  });
  const group = () => ({
    name: textOf(roll, 2) || 'on-call',
    people: Array.from({ length: below(30) }, () => ({
      name: textOf(roll, 2),
      ...(chance(0.7) && { slack: 'U0AAAAAAA' }),
    })),
    live: chance(0.3) ? { pagerdutySchedule: 'S1' } : null,
    offline: [],
  });
  const preview = step('preview', { uses: 'engine/preview', phase: 'decide' });
  const approval = approvalStep('approve', {
    name: textOf(roll, 2),
    slots: Array.from({ length: 1 + below(8) }, group) as unknown as Json,
    typedWord: chance(0.3) ? 'FAILOVER' : null,
    requesterCounts: chance(0.5),
  });
  const undo = steps.filter(() => chance(0.2)).map((each) => undoStep(each));
  const graph = {
    ...graphOf([preview, approval, ...steps, ...undo], [], chance(0.5) ? ['aborted', 'failed'] : []),
    title: textOf(roll) || 'Orchard',
    account: chance(0.5) ? '123456789012' : null,
    regions: { north: textOf(roll, 2) },
    stages,
  };
  const at = (seconds: number) => new Date(begin + seconds * 1000).toISOString();
  const created = {
    ...createdOf(graph, 'r-abcdefgh'),
    reason: textOf(roll, 30),
    lastSeenAliveAt: chance(0.5) ? at(-30) : null,
  };
  const state = structuredClone(evolve(null, { type: 'run.created', data: created, at: at(0) } as never)) as RunState;
  for (const { id } of graph.steps) {
    const phase = pick(phases);
    const isOver = ['succeeded', 'skipped', 'failed', 'refused'].includes(phase);
    state.steps[id] = {
      ...freshStep(),
      state: phase,
      startedAt: phase === 'pending' ? null : at(below(600)),
      endedAt: isOver ? at(600 + below(600)) : null,
      seen: textOf(roll),
      message: textOf(roll),
      code: phase === 'refused' ? pick(['rejected', 'expired', 'voided']) : '',
      acts: below(2),
      changed: chance(0.5),
      waived: chance(0.1),
      waiver: chance(0.1)
        ? {
            deed: pick(['skip', 'force'] as const),
            person: 'U0AAAAAAA',
            name: textOf(roll, 2),
            reason: textOf(roll, 30),
          }
        : null,
    };
  }
  const change = () => ({
    resource: textOf(roll, 3),
    region: chance(0.5) ? 'eu-west-1' : undefined,
    now: textOf(roll),
    then: textOf(roll),
    step: 's',
  });
  state.steps['preview'] = {
    ...freshStep(),
    state: 'succeeded',
    output: {
      changes: Array.from({ length: countOf(roll, 500) }, change),
      losses: Array.from({ length: below(4) }, () => ({
        because: textOf(roll, 8),
        seconds: below(100),
        upperBoundSeconds: 100,
      })),
      stoppedAt: at(0),
    } as never,
  };
  const isAsked = chance(0.3);
  const given = Array.from({ length: below(3) }, () => ({
    person: 'U0AAAAAAA',
    name: textOf(roll, 2),
    slots: [0],
    at: at(9),
    via: 'slack' as const,
  }));
  state.approvals['approve'] = {
    requestedAt: at(5),
    expiresAt: at(900),
    hash: 'h'.repeat(64),
    bounds: [],
    given,
    withdrawn: [],
  };
  state.steps['approve'] = { ...freshStep(), state: isAsked ? 'waiting' : 'succeeded', startedAt: at(5) };
  const someone = () => ({ person: 'U0AAAAAAA', reason: textOf(roll, 30), at: at(60) });
  if (chance(0.2)) state.paused = someone();
  if (chance(0.2)) state.aborted = someone();
  if (chance(0.1)) state.rejected = someone();
  if (chance(0.3)) state.haltedAt = at(700);
  if (chance(0.2)) state.unwinding = pick(['aborted', 'failed'] as const);
  if (chance(0.2)) {
    state.outcome = pick(['succeeded', 'failed', 'aborted', 'cancelled', 'rejected', 'expired', 'voided'] as const);
    state.finishedAt = at(1200);
  }
  return state;
};

/** What Slack reads for mentions and links; plain text it does not. */
const mrkdwnOf = (value: unknown): string =>
  typeof value !== 'object' || value === null
    ? ''
    : (value as any).type === 'mrkdwn'
      ? (value as any).text
      : Object.values(value).map(mrkdwnOf).join(' ');

const actionIds = (blocks: readonly any[]): string[] =>
  blocks.flatMap((block) => (block.type === 'actions' ? block.elements.map((each: any) => each.action_id) : []));

test(`no card or form of ${runs} random runs exceeds a limit of Slack's, and none loses its buttons`, {
  timeout: 300_000,
}, () => {
  const commandOf = (each: Step) => `aws ${each.title} ${'--flag '.repeat(each.title.length % 300)}`;
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const roll = dice(seed);
      const state = randomRun(roll);
      const card = runCard(state, now);
      const blocks = fitBlocks(card.blocks) as any[];
      checkBlocks(blocks, 'message');
      expect(card.text.length).toBeLessThanOrEqual(4_000);
      expect(JSON.stringify(card)).toBe(JSON.stringify(card).toWellFormed());
      const shown = actionIds(blocks);
      expect(shown).toEqual(actionIds(card.blocks));
      expect(shown).toContain('run:details');
      if (shown.includes('run:approve')) expect(shown).toEqual(expect.arrayContaining(['run:reject', 'run:cancel']));
      else if (state.outcome === null)
        expect(shown).toEqual(expect.arrayContaining(['run:abort', state.paused ? 'run:resume' : 'run:pause']));
      // Mentions nobody whom the card itself does not mean.
      expect(`${card.text} ${mrkdwnOf(blocks)}`).not.toMatch(/<!channel>|<@U0EVIL>|<https:\/\/evil/);

      let page = 0;
      for (; page < 3; page += 1) checkView(runDetails(state, page * roll.below(20), commandOf), 'modal');
      for (const id of ['run:reject', 'run:skip', 'run:force', 'run:approve', 'run:allow']) {
        const form = formFor(
          id,
          `${state.created.run}|${state.created.graph.hash}|${roll.pick(state.created.graph.steps).id}`,
          state,
        );
        if (form) checkView(form, 'modal');
      }
      const { text } = threadLog(state, '');
      expect(text?.length ?? 0).toBeLessThanOrEqual(4_000);
    }),
    { numRuns: runs },
  );
});

test('every change and every step of a run stands on some page of its details', () => {
  const commandOf = ({ id }: Step) => `line of ${id}`;
  for (let seed = 1; seed < 200; seed += 1) {
    const state = randomRun(dice(seed));
    const pages: string[] = [];
    for (;;) {
      const view = runDetails(state, pages.length, commandOf) as any;
      pages.push(JSON.stringify(view.blocks));
      if (!actionIds(view.blocks).includes(`run:page:${pages.length}`)) break;
    }
    const all = pages.join('\n');
    const steps = state.created.graph.steps.filter(
      ({ uses, effect, undoes }) =>
        effect !== 'notice' &&
        (!uses.startsWith('engine/') || ['engine/wait', 'engine/manual'].includes(uses)) &&
        (undoes === undefined || state.unwinding !== null),
    );
    for (const { id } of steps) expect(all).toContain(`line of ${id}`);
    expect(all.split(' → *').length - 1).toBeGreaterThanOrEqual((state.steps['preview']!.output as any).changes.length);
  }
});

test('forms of commands, the App Home and proposals keep within the limits, whatever plans are called', {
  timeout: 120_000,
}, () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const roll = dice(seed);
      const names = Array.from({ length: countOf(roll, 250) }, (_, i) => `plan-${i}`);
      const words = (most: number) => Array.from({ length: countOf(roll, most) }, (_, i) => `scope-${i}`);
      const plans = {
        names: () => names,
        find: (name: string) => ({
          name,
          title: textOf(roll) || name,
          places: words(20),
          scopes: () => words(300),
          situations: words(20),
        }),
      };
      const someRuns = Array.from({ length: countOf(roll, 30) }, (_, i) => ({
        id: `r-${i}`,
        title: textOf(roll) || 'run',
      }));
      for (const { name, form } of commands) {
        if (!form) continue;
        const chosen = {
          plan: roll.pick([...names, '']),
          what: roll.pick(['status', 'recover', 'run', 'assess', 'help']),
          reason: textOf(roll, 80),
        };
        const origin = { command: name, channel: 'C0AAAAAAA', fixed: { about: textOf(roll, 200) } };
        checkView(commandForm(form, origin, chosen, { plans, runs: someRuns }), 'modal');
      }
      const run = () => ({
        run: `r-${roll.below(1e6)}`,
        hash: 'h',
        title: textOf(roll),
        flow: 'failover',
        scope: textOf(roll, 2),
        standing: 'running',
        done: 1,
        total: 2,
        requestedAt: now.toISOString(),
        channel: roll.chance(0.5) ? 'C0AAAAAAA' : undefined,
      });
      const facts = {
        waiting: Array.from({ length: countOf(roll, 60) }, run),
        live: Array.from({ length: countOf(roll, 60) }, run),
        incidents: Array.from({ length: roll.below(6) }, () => ({
          severity: 'P1',
          status: 'open',
          title: textOf(roll, 20),
          channel: null,
          declaredAt: now.toISOString(),
        })),
        systems: Array.from({ length: countOf(roll, 60) }, () => ({
          plan: 'p',
          title: textOf(roll),
          yes: 1,
          no: 1,
          unknown: 0,
          bad: [textOf(roll), textOf(roll)],
        })),
        now,
      };
      checkView(homeView(facts), 'home');
      const proposal = proposalCard(
        { id: 'p-1', plan: 'p', title: textOf(roll), flow: 'failover', scope: 'region', because: textOf(roll, 60) },
        textOf(roll, 200),
        roll.chance(0.5) ? textOf(roll, 60) || 'ended' : undefined,
      );
      checkBlocks(fitBlocks(proposal.blocks), 'message');
    }),
    { numRuns: 2_000 },
  );
});
