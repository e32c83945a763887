import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { sayDuration } from '../plan/duration.ts';
import { type Bot, startBot } from './demo/bot.ts';
import { criticalPath } from './demo/critical-path.ts';
import { judgeFailover, judgeQuiet, judgeRestore, judgeReturn, judgeTelling, type Verdict } from './demo/judge.ts';
import { folderOf } from './demo/plan-folder.ts';
import {
  approveOnCard,
  changesSoFar,
  clock,
  type StoryPlan,
  showRun,
  type Teller,
  typeCommand,
  watchRun,
} from './demo/story.ts';
import { cardOf, openWorld, type World } from './demo/world.ts';

export interface DemoOptions {
  json: boolean;
  fault?: string;
  at: string;
  speed: string;
  plan: string;
}

/** World seconds for which everything is well, and then from the outage to the command. */
const quietSeconds = 20;
const noticedSeconds = 30;

/**
 * Plays the main job against the sandbox and judges it by the sandbox's ledger and by data read back. Exits 0 when the
 * story held, 1 when any part of it did not, with that part named.
 */
export const demo = async (options: DemoOptions): Promise<void> => {
  const startedAt = performance.now();
  if (!(Number(options.speed) > 0))
    throw new Error(`--speed ${options.speed} is no factor; expected a number above 0, such as 30.`);
  if (Number.isNaN(Date.parse(options.at)))
    throw new Error(`--at ${options.at} is no time; expected one such as 2026-11-24T15:00:00Z.`);
  const plan = parse(
    readFileSync(join(resolve(process.env['MAYDAY_PLANS'] ?? 'plans'), `${options.plan}.yml`), 'utf8'),
  ) as StoryPlan;
  const fault = parseFault(options.fault);
  const teller: Teller = { say: (line) => void (options.json ? process.stderr : process.stdout).write(`${line}\n`) };
  teller.say('Starting PostgreSQL, the sandbox and the bot …');
  const folder = folderOf(join(resolve(process.env['MAYDAY_PLANS'] ?? 'plans'), `${options.plan}.yml`), [options.plan]);
  const bot = await startBot({ speed: Number(options.speed), at: options.at, environment: { MAYDAY_PLANS: folder } });
  const interrupted = () => void bot.close().then(() => process.exit(130));
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    const told = await tell(openWorld(bot.controlUrl), bot, teller, plan, options, fault);
    const seconds = (performance.now() - startedAt) / 1000;
    const failed = told.verdicts.filter(({ holds }) => !holds);
    teller.say('');
    for (const { what, holds, found } of told.verdicts)
      teller.say(`${holds ? '✔' : '✘'} ${what}${holds ? '' : `: found ${found}`}`);
    teller.say(
      `\n${failed.length === 0 ? `Everything held (${told.verdicts.length} checks), judged by the world and not by the bot` : `${failed.length} of ${told.verdicts.length} checks did not hold`}; ${seconds.toFixed(1)} s.`,
    );
    if (options.json) process.stdout.write(`${JSON.stringify(told.result)}\n`);
    process.exitCode = failed.length === 0 ? 0 : 1;
  } catch (error) {
    teller.say(`\nThe story got stuck. What bot and sandbox logged last:\n${bot.lastWords() || '(nothing)'}\n`);
    throw error;
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
    await bot.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

interface FaultWish {
  step: string;
  kind: 'error' | 'timeout' | 'slow';
}

const parseFault = (text: string | undefined): FaultWish | undefined => {
  if (text === undefined) return undefined;
  const match = /^([a-z][a-z0-9-]*)=(error|timeout|slow)$/.exec(text);
  if (!match)
    throw new Error(
      `--fault ${text} cannot be used; expected STEP=error, STEP=timeout or STEP=slow, such as promote=error.`,
    );
  return { step: match[1]!, kind: match[2] as FaultWish['kind'] };
};

const tell = async (
  world: World,
  bot: Bot,
  teller: Teller,
  plan: StoryPlan,
  options: DemoOptions,
  fault: FaultWish | undefined,
) => {
  const [home, away] = plan.prefer as [string, string];
  const region = plan.regions[home]!.aws;
  const verdicts: Verdict[] = [];
  const runs: Awaited<ReturnType<typeof runResult>>[] = [];
  const onCall = Object.values(plan.groups ?? {}).flatMap((group) => group.offline ?? [])[0]!;

  teller.say(`\n── ${plan.title}: ${options.at}, ${options.speed} times as fast as life ──`);
  await sleep((quietSeconds * 1000) / Number(options.speed));
  const darkAt = await world.now();
  await world.post('/faults', { kind: 'region-down', region });
  teller.say(`${clock(darkAt.toISOString())}  ${region} goes dark.`);
  await sleep((noticedSeconds * 1000) / Number(options.speed));

  teller.say('\n── Fail over ──');
  const answer = await typeCommand(
    world,
    teller,
    onCall,
    '/failover',
    `${plan.plan} region ${region} is dark, nothing answers`,
  );
  teller.say(`  Mayday answers @${onCall}: ${answer}`);
  const failoverId = runIdIn(answer);
  if (fault) await plantFault(world, bot, teller, failoverId, fault);
  const before = await changesSoFar(world);
  await approveOnCard(world, teller, plan, failoverId, 'failover', onCall);
  const ending = await watchRun(world, teller, failoverId, 120, before);
  if (ending === 'halted') await giveUp(world, teller, failoverId, onCall);
  const failover = await runResult(world, bot, failoverId);
  runs.push(failover);
  const succeeded = failover.outcome === 'succeeded';
  teller.say(`Failover: ${failover.outcome}.`);
  if (fault?.kind !== 'error')
    verdicts.push({ what: 'the failover succeeded', holds: succeeded, found: failover.outcome });
  else {
    verdicts.push({ what: 'the failover says that it did not succeed', holds: !succeeded, found: failover.outcome });
    explainFailure(teller, verdicts, failover);
  }
  verdicts.push(
    ...(await judgeFailover(world, plan as never, away, succeeded)),
    ...(await judgeTelling(world, plan as never, succeeded)),
  );
  verdicts.push(...(await judgeLoss(world, plan, home, away, darkAt, failover.rpoSeconds, Number(options.speed))));
  verdicts.push(...judgePeople(plan, failover, options.at));

  if (succeeded) {
    const restored = await tellRestore(world, bot, teller, plan, away);
    runs.push(restored.run);
    verdicts.push(...restored.verdicts);
    teller.say('\n── Status ──');
    teller.say(await typeCommand(world, teller, onCall, '/dr', `status ${plan.plan}`));
    teller.say(`\n── ${region} comes back ──`);
    verdicts.push(...(await judgeReturn(world, plan as never, home, (text) => teller.say(text))));
    verdicts.push(...(await judgeQuiet(world, plan as never)));
  }
  const result = await collect(world, bot, plan, runs);
  verdicts.push({
    what: 'the audit trail verifies',
    holds: result.journal.verified,
    found: JSON.stringify(result.journal),
  });
  summarise(teller, result, failover);
  return { verdicts, result };
};

/** The refusals that the fault brings are the sandbox's: it knows operations, the graph knows which step uses which. */
const plantFault = async (world: World, bot: Bot, teller: Teller, runId: string, fault: FaultWish): Promise<void> => {
  const run = await showRun(bot, runId);
  const step = run.steps.find((candidate: { id: string }) => candidate.id === fault.step);
  // What is sent as SQL to a real database cannot be refused on request.
  const isBreakable = (candidate: any) =>
    candidate.effect === 'change' && candidate.changes.some((change: string) => !change.startsWith('postgres:'));
  if (!step || !isBreakable(step)) {
    const valid = run.steps.filter(isBreakable).map((candidate: any) => candidate.id);
    throw new Error(
      `--fault: no step of this run that changes something is called "${fault.step}"; there are ${valid.join(', ')}.`,
    );
  }
  for (const change of step.changes) await world.post('/faults', { kind: fault.kind, change });
  teller.say(
    `(From now on ${step.changes.join(', ')} ${{ error: 'is refused', timeout: 'is carried out but never answered', slow: 'takes five times as long' }[fault.kind]}.)`,
  );
};

const giveUp = async (world: World, teller: Teller, runId: string, user: string): Promise<void> => {
  const before = await changesSoFar(world);
  const card = (await cardOf(world, runId))!;
  teller.say(`The run has halted: a human must decide. @${user} clicks Abort.`);
  await world.post('/slack/click', { user, channel: card.channel.id, ts: card.message.ts, actionId: 'run:abort' });
  await watchRun(world, teller, runId, 60, before);
};

const explainFailure = (teller: Teller, verdicts: Verdict[], run: any): void => {
  const failed = run.stepsFull.filter((step: any) => step.message?.startsWith('given up') && step.effect !== 'notice');
  for (const step of failed.slice(0, 3)) teller.say(`  What failed: ${step.title}: ${step.message}`);
  teller.say(`  Changed: ${run.touched.join(', ') || 'nothing'}`);
  if (run.maybeTouched.length > 0) teller.say(`  May have been changed: ${run.maybeTouched.join(', ')}`);
  teller.say(`  Not touched: ${run.notTouched.join(', ') || 'nothing'}`);
  verdicts.push({
    what: 'it says what failed and what was not touched',
    holds: failed.length > 0 && run.notTouched.length > 0,
    found: JSON.stringify(run.notTouched),
  });
};

/** What the data say was lost, against what the bot reports: the bot may say more than was lost, never less. */
const judgeLoss = async (
  world: World,
  plan: StoryPlan,
  home: string,
  away: string,
  darkAt: Date,
  reported: number | null,
  speed: number,
): Promise<Verdict[]> => {
  const verdicts: Verdict[] = [];
  for (const [name, component] of Object.entries<any>(plan['components'])) {
    if (component.kind !== 'rds-postgresql' || !component.heartbeat || reported === null) continue;
    const newest = async (instance: string) =>
      (
        await world.post('/sql', {
          instance,
          sql: `SELECT max("${component.heartbeat.column}") AS newest FROM "${component.heartbeat.table}" WHERE "${component.heartbeat.column}" <= $1`,
          params: [new Date(darkAt.getTime() + 5_000).toISOString()],
        })
      ).rows[0].newest;
    const lost = (Date.parse(await newest(component[home])) - Date.parse(await newest(component[away]))) / 1000;
    verdicts.push({
      what: `${name}: ${lost} s of rows were really lost, and the run says at most ${reported} s`,
      // A busy machine notices later, and the faster the world runs the more of its seconds that is.
      holds: reported >= lost && reported <= lost + Math.max(60, 6 * speed),
      found: `${reported}`,
    });
  }
  return verdicts;
};

/** Those who approved must be as many as the rule in force asks for, none of them the one who asked where that is ruled out. */
const judgePeople = (plan: StoryPlan, run: any, at: string): Verdict[] => {
  const rules = Object.entries(plan.approvals['failover'] ?? {}).filter(([name]) => name !== 'expires');
  const rule = rules.find(([, candidate]) => run.rule === undefined || candidate)?.[1];
  const fewest = Math.min(...rules.map(([, candidate]) => candidate['all-of']?.length ?? 1));
  return [
    {
      what: `approved by ${run.approvers.join(' and ')} (${at})`,
      holds: rule !== undefined && run.approvers.length >= fewest,
      found: JSON.stringify(run.approvers),
    },
  ];
};

const tellRestore = async (world: World, bot: Bot, teller: Teller, plan: StoryPlan, away: string) => {
  const scope = Object.keys(plan['procedures'].restore)[0]!;
  const component = plan['components'][scope];
  // Somebody who approves nothing asks for it, so that those who approve are others.
  const approvers = new Set(
    Object.values(plan.groups ?? {}).flatMap((group) => [...(group.offline ?? []), ...(group.people ?? [])]),
  );
  const requester = Object.entries(plan.people).find(([name, person]) => person.slack && !approvers.has(name))![0];
  teller.say('\n── Restore to a point in time ──');
  const answer = await typeCommand(
    world,
    teller,
    requester,
    '/restore',
    `${plan.plan} ${scope} 10m ago somebody deleted rows, we need them as they were`,
  );
  teller.say(`  Mayday answers @${requester}: ${answer}`);
  const moment = new Date(/\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(answer)![0]);
  const runId = runIdIn(answer);
  const before = await changesSoFar(world);
  await approveOnCard(world, teller, plan, runId, 'restore', requester);
  await watchRun(world, teller, runId, 60, before);
  const run = await runResult(world, bot, runId);
  teller.say(`Restore: ${run.outcome}.`);
  const tables = Object.values<any>(plan['procedures'].verify).flatMap((procedure) =>
    Object.values<any>(procedure.steps ?? {}).flatMap((step) =>
      step.with?.component === scope && step.with.table && step.with.column
        ? [{ table: step.with.table as string, column: step.with.column as string }]
        : [],
    ),
  );
  const distinct = tables.filter((table, i) => tables.findIndex((other) => other.table === table.table) === i);
  const verdicts = await judgeRestore(world, moment, distinct, component[away]);
  return {
    run,
    verdicts: [{ what: 'the restore succeeded', holds: run.outcome === 'succeeded', found: run.outcome }, ...verdicts],
  };
};

const runIdIn = (answer: string): string => {
  const id = /r-[a-z0-9]{8}/.exec(answer)?.[0];
  if (!id) throw new Error(`The bot started no run; it said: ${answer}`);
  return id;
};

const runResult = async (world: World, bot: Bot, runId: string) => {
  const run = await showRun(bot, runId);
  const { entries } = await world.get('/ledger');
  const longest = criticalPath(run.steps, entries, new Date(run.requestedAt));
  return {
    run: runId,
    flow: run.flow as string,
    scope: run.scope as string,
    outcome: run.outcome as string,
    rtoSeconds: run.rtoSeconds as number | null,
    rpoSeconds: run.rpoSeconds as number | null,
    criticalPathSeconds: Math.round(longest.seconds * 10) / 10,
    criticalPath: longest.path,
    phases: run.phases as Record<string, number | null>,
    steps: run.steps
      .filter((step: any) => step.effect !== 'notice')
      .map(({ id, state, seconds }: any) => ({ id, state, seconds })),
    approvers: run.approvers as string[],
    touched: run.touched as string[],
    maybeTouched: run.maybeTouched as string[],
    notTouched: run.notTouched as string[],
    stepsFull: run.steps as any[],
  };
};

const collect = async (world: World, bot: Bot, plan: StoryPlan, runs: Awaited<ReturnType<typeof runResult>>[]) => {
  const [pager, page, { mails }, ledger, slack] = await Promise.all([
    world.get('/pagerduty/state'),
    world.get('/statuspage/state'),
    world.get('/mail'),
    world.get('/ledger'),
    world.get('/slack/state'),
  ]);
  const audit = JSON.parse((await bot.mayday('audit', 'verify', '--json')) || '{}');
  return {
    plan: plan.plan,
    channel: slack.channels.find((channel: any) => channel.name.startsWith('inc-'))?.name ?? null,
    runs: runs.map(({ stepsFull: _, ...run }) => run),
    pages: pager.pages,
    statusPageUpdates: page.incidents
      .flatMap((incident: any) => incident.updates ?? incident.incident_updates ?? [])
      .sort((a: any, b: any) => (a.created_at < b.created_at ? -1 : 1)),
    stakeholderMessages: mails.map(({ at, to, subject }: any) => ({ at, to, subject })),
    journal: { entries: audit.entries ?? 0, verified: audit.verified === true },
    world: { changes: ledger.counts as Record<string, number> },
  };
};

const summarise = (
  teller: Teller,
  result: Awaited<ReturnType<typeof collect>>,
  failover: Awaited<ReturnType<typeof runResult>>,
): void => {
  teller.say('\n── Summary (world time) ──');
  for (const run of result.runs) {
    const phases = Object.entries(run.phases).flatMap(([name, seconds]) =>
      seconds === null ? [] : [`${name} ${sayDuration(seconds)}`],
    );
    teller.say(
      `${run.flow} of ${run.scope}: ${run.outcome}; RTO ${run.rtoSeconds === null ? 'not reached' : sayDuration(run.rtoSeconds)} = ${phases.join(' + ')}`,
    );
    teller.say(
      `  critical path by the ledger ${sayDuration(run.criticalPathSeconds)}: ${run.criticalPath.join(' → ') || 'nothing was changed'}`,
    );
    teller.say(`  approved by ${run.approvers.join(' and ') || 'nobody'}`);
  }
  teller.say(
    `RPO: ${failover.rpoSeconds === null ? 'not known' : `at most ${sayDuration(failover.rpoSeconds)}, measured from rows`}`,
  );
  teller.say(
    `Paged: ${result.pages.length} times. Status page: ${result.statusPageUpdates.map((update: any) => update.status).join(', ') || 'nothing posted'}.`,
  );
  for (const { to, subject } of result.stakeholderMessages) teller.say(`  mailed ${to}: ${subject}`);
  teller.say(
    `Accepted changes: ${Object.entries(result.world.changes)
      .filter(([change]) => !change.startsWith('slack:'))
      .map(([change, count]) => `${change} × ${count}`)
      .join(', ')}`,
  );
  teller.say(
    `Audit trail: ${result.journal.entries} entries, ${result.journal.verified ? 'verified' : 'NOT VERIFIED'}.`,
  );
};
