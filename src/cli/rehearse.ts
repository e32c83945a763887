import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { sayDuration } from '../plan/duration.ts';
import { didYouMean } from '../plan/nearest.ts';
import { viewPlan } from '../plan/view.ts';
import { usualVariant } from '../plan-tools/variants.ts';
import { type Bot, startBot } from './demo/bot.ts';
import { criticalPath } from './demo/critical-path.ts';
import { folderOf } from './demo/plan-folder.ts';
import {
  approveOnCard,
  changesSoFar,
  type StoryPlan,
  showRun,
  type Teller,
  typeCommand,
  watchRun,
} from './demo/story.ts';
import { openWorld, type World } from './demo/world.ts';
import { openOffline } from './offline.ts';
import { plantFaults, readFaultWishes } from './rehearse/faults.ts';

export interface RehearseOptions {
  fault: string[];
  down: string;
  durations?: string;
  speed: string;
  at: string;
  to?: string;
  json: boolean;
}

/** World seconds for which everything is well, and then from the outage to the command. */
const quietSeconds = 20;
const noticedSeconds = 30;
/** Wall milliseconds for which the card is read; as long as a look at something dead may take. */
const readingMs = 4_000;
/** Wall seconds that a run may take on top of what its graph expects. */
const patienceSeconds = 120;

/**
 * Runs a procedure in a sandbox that is built from the plan, without any credentials, and reports its times against the
 * targets. A failback is rehearsed after the failover that it brings back. Exits 1 when a run did not succeed although
 * nothing was broken on purpose.
 */
export const rehearse = async (
  name: string,
  flow: string,
  scope: string | undefined,
  options: RehearseOptions,
): Promise<void> => {
  const offline = openOffline();
  const plan = offline.plan(name);
  const view = viewPlan(plan, offline.registry);
  const variant = usualVariant(view, flow, scope, options.to);
  const wishes = readFaultWishes(options.fault);
  if (!(Number(options.speed) > 0))
    throw new Error(`--speed ${options.speed} is no factor; expected a number above 0, such as 30.`);
  if (Number.isNaN(Date.parse(options.at)))
    throw new Error(`--at ${options.at} is no time; expected one such as 2026-11-24T15:00:00Z.`);
  const moves = variant.from !== variant.to;
  const down = options.down === '' ? (flow === 'failover' && moves ? (variant.from ?? 'none') : 'none') : options.down;
  if (down !== 'none' && !view.places.includes(down))
    throw new Error(`--down ${down}: ${name} has no such place.${didYouMean(down, [...view.places, 'none'])}`);

  const teller: Teller = { say: (line) => void (options.json ? process.stderr : process.stdout).write(`${line}\n`) };
  const folder = folderOf(plan.source.file, [name, ...Object.keys(plan.nested)]);
  teller.say(`Building a world from ${name}, ${options.speed} times as fast as life …`);
  const bot = await startBot({
    speed: Number(options.speed),
    at: options.at,
    environment: {
      MAYDAY_PLANS: folder,
      ...(options.durations && { MAYDAY_SANDBOX_DURATIONS: resolve(options.durations) }),
    },
  });
  const interrupted = () => void bot.close().then(() => process.exit(130));
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    const world = openWorld(bot.controlUrl);
    const story = parse(readFileSync(join(folder, `${name}.yml`), 'utf8')) as StoryPlan;
    const tell = { world, bot, teller, story, speed: Number(options.speed) };
    await sleep((quietSeconds * 1000) / tell.speed);
    if (flow === 'failback') {
      teller.say('First what is to be brought back:');
      await runFlow(tell, { ...variant, flow: 'failover', from: variant.to, to: variant.from }, [], 'none');
    }
    const report = await runFlow(tell, { ...variant, flow }, wishes, down);
    say(teller, report);
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    process.exitCode = report.outcome === 'succeeded' || wishes.length > 0 ? 0 : 1;
  } catch (error) {
    teller.say(`\nThe rehearsal got stuck. What bot and sandbox logged last:\n${bot.lastWords() || '(nothing)'}\n`);
    throw error;
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
    await bot.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

interface Told {
  world: World;
  bot: Bot;
  teller: Teller;
  story: StoryPlan;
  speed: number;
}

interface Wanted {
  flow: string;
  scope: string;
  from: string | null;
  to: string | null;
}

export interface RehearsalReport {
  plan: string;
  flow: string;
  scope: string;
  from: string | null;
  to: string | null;
  outcome: string;
  run: string;
  /** World seconds, from when it was last seen alive or asked for to the last proof. */
  rtoSeconds: number | null;
  rtoTargetSeconds: number;
  rpoSeconds: number | null;
  rpoTargetSeconds: number;
  phases: Record<string, number | null>;
  stages: { title: string; targetSeconds: number; seconds: number | null }[];
  late: { id: string; title: string; seconds: number; withinSeconds: number }[];
  /** What the world itself took on the longest way through the graph, and how long the run took for it. */
  criticalPath: { seconds: number; path: string[] };
  workSeconds: number | null;
  /** What became of each old primary. */
  fences: string[];
  /** `at`: world seconds after the run was asked for. */
  steps: { id: string; state: string; at: number | null; seconds: number | null; message: string }[];
  changes: Record<string, number>;
}

const runFlow = async (
  { world, bot, teller, story, speed }: Told,
  wanted: Wanted,
  wishes: ReturnType<typeof readFaultWishes>,
  down: string,
): Promise<RehearsalReport> => {
  const started = await world.now();
  if (down !== 'none') {
    const region = story.regions[down]!.aws;
    await world.post('/faults', { kind: 'region-down', region });
    teller.say(`${region} goes dark.`);
    await sleep((noticedSeconds * 1000) / speed);
  }
  const onCall = Object.values(story.groups ?? {}).flatMap((group) => group.offline ?? [])[0]!;
  const { command, text } = commandFor(story.plan, wanted);
  const answer = await typeCommand(world, teller, onCall, command, text);
  const runId = /`(r-[a-z0-9]+)`/.exec(answer)?.[1];
  if (!runId) throw new Error(`The bot started nothing: ${answer}`);
  const reached = wishes.length > 0 ? await plantFaults(world, bot, teller, runId, wishes) : new Set<string>();
  const before = await changesSoFar(world);
  // People need their time to read, and meanwhile it is found out what still answers.
  await sleep(readingMs);
  await approveOnCard(world, teller, story, runId, wanted.flow, onCall);
  const ending = await watchRun(world, teller, runId, patienceSeconds, before, onCall);
  if (ending === 'halted') teller.say('The run has halted: a human must decide.');
  for (const { step } of wishes)
    if (!reached.has(step)) teller.say(`The fault of ${step} was never reached: nothing was sent for it.`);
  const run = await showRun(bot, runId);
  const { entries } = await world.get('/ledger');
  const path = criticalPath(run.steps, entries, started);
  const work = run.steps.filter(
    (step: any) =>
      ['fence', 'execute', 'verify'].includes(step.phase) && step.effect !== 'notice' && step.startedAt && step.endedAt,
  );
  const counts: Record<string, number> = {};
  for (const { change, acceptedAt } of entries)
    if (!/^(slack|statuspage|pagerduty|mail):/.test(change) && new Date(acceptedAt) >= started)
      counts[change] = (counts[change] ?? 0) + 1;
  const at = (pick: (step: any) => string) => work.map((step: any) => Date.parse(pick(step)));
  return {
    plan: run.plan,
    flow: run.flow,
    scope: run.scope,
    from: run.from,
    to: run.to,
    outcome: run.outcome ?? run.status,
    run: runId,
    rtoSeconds: run.rtoSeconds,
    rtoTargetSeconds: run.objectives.rtoSeconds,
    rpoSeconds: run.rpoSeconds,
    rpoTargetSeconds: run.objectives.rpoSeconds,
    phases: run.phases,
    stages: run.stages,
    late: run.late,
    criticalPath: path,
    workSeconds:
      work.length === 0
        ? null
        : (Math.max(...at((step) => step.endedAt)) - Math.min(...at((step) => step.startedAt))) / 1000,
    fences: run.steps
      .filter((step: any) => step.phase === 'fence')
      .map(({ title, seen, message }: any) => `${title}: ${message || seen}`),
    steps: run.steps
      .filter((step: any) => step.effect !== 'notice')
      .map(({ id, state, startedAt, seconds, message, seen }: any) => ({
        id,
        state,
        at: startedAt && (Date.parse(startedAt) - Date.parse(run.requestedAt)) / 1000,
        seconds,
        message: message || seen,
      })),
    changes: counts,
  };
};

const commandFor = (plan: string, { flow, scope, to }: Wanted): { command: string; text: string } => {
  const reason = 'a rehearsal';
  if (flow === 'recover') return { command: '/dr', text: `recover ${plan} ${scope} ${reason}` };
  if (flow === 'failback') return { command: '/failback', text: `${plan} ${scope} ${reason}` };
  if (flow === 'switchover') return { command: '/failover', text: `${plan} ${scope} to ${to} ${reason} --planned` };
  if (flow === 'failover') return { command: '/failover', text: `${plan} ${scope} to ${to} ${reason}` };
  throw new Error(`A ${flow} is not rehearsed here; rehearse failover, switchover, failback or recover.`);
};

const say = (teller: Teller, report: RehearsalReport): void => {
  const said = (seconds: number | null) => (seconds === null ? 'not known' : sayDuration(seconds));
  const judged = (seconds: number | null, target: number) =>
    `${said(seconds)} of ${sayDuration(target)} allowed${seconds !== null && seconds > target ? ': MISSED' : ''}`;
  teller.say('');
  teller.say(`${report.flow} of ${report.scope} of ${report.plan}: ${report.outcome}.`);
  teller.say(`RTO: ${judged(report.rtoSeconds, report.rtoTargetSeconds)}.`);
  teller.say(
    report.rpoSeconds === null
      ? 'RPO: not measured: nothing was left behind that had stopped.'
      : `RPO: at most ${judged(report.rpoSeconds, report.rpoTargetSeconds)}; the faster the world runs, the coarser is this bound.`,
  );
  for (const fence of report.fences) teller.say(`${fence}.`);
  teller.say(
    `Phases: ${Object.entries(report.phases)
      .filter(([, seconds]) => seconds !== null)
      .map(([phase, seconds]) => `${phase} ${said(seconds)}`)
      .join(', ')}.`,
  );
  for (const { title, targetSeconds, seconds } of report.stages)
    teller.say(`  ${title}: ${judged(seconds, targetSeconds)}`);
  teller.say(
    `Critical path: ${sayDuration(report.criticalPath.seconds)} (${report.criticalPath.path.join(' → ') || 'nothing was changed'}); fence, work and proof took ${said(report.workSeconds)}.`,
  );
  for (const step of report.late)
    teller.say(
      `Late: ${step.title} [${step.id}], ${sayDuration(step.seconds)} instead of ${sayDuration(step.withinSeconds)}.`,
    );
  if (report.outcome === 'succeeded') return;
  for (const step of report.steps.filter(({ state }) => ['failed', 'blocked', 'skipped'].includes(state)).slice(0, 8))
    teller.say(`  ${step.id}: ${step.state}: ${step.message}`);
};
