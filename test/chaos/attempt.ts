import { cardOf, hasButton } from '../../src/cli/demo/world.ts';
import type { Step } from '../../src/plan/graph.ts';
import { type BotProcess, openRehearsal, type Rehearsal, rowsOf } from '../support/rehearsal.ts';
import type { Point } from './boundaries.ts';
import { createKiller } from './killer.ts';
import type { Scenario } from './scenarios.ts';
import { type Snapshot, takeSnapshot } from './snapshot.ts';

export interface Attempt {
  snapshot: Snapshot;
  state: Awaited<ReturnType<typeof takeSnapshot>>['state'];
  runId: string;
  /** Points at which a process was killed. */
  tried: Point[];
  kills: number;
  /** Wall milliseconds from each kill to the next thing that a survivor wrote down of the run. */
  gaps: number[];
  logs: string;
}

export interface AttemptOptions {
  postgresUrl: string;
  scenario: Scenario;
  points: readonly Point[];
  /** The graph of an uninterrupted run; needed as soon as there are points. */
  graph: readonly Step[];
  speed: number;
  say?(line: string): void;
}

/** Carries out one procedure with the real bot, killing it at each of the points, with another one ready to go on. */
export const attempt = async (options: AttemptOptions): Promise<Attempt> => {
  const { scenario, say = () => {} } = options;
  const rehearsal = await openRehearsal({
    postgresUrl: options.postgresUrl,
    speed: options.speed,
    plans: scenario.plans,
    plan: scenario.plan,
  });
  const killer = createKiller(rehearsal, { ...options, say });
  const all: BotProcess[] = [];
  try {
    all.push(await rehearsal.start());
    if (options.points.length > 0) all.push(await rehearsal.start());
    for (const { command, text, flow } of scenario.before)
      await untilDone(rehearsal, await startBy(rehearsal, scenario, command, text, flow));
    for (const bot of all) killer.arm(bot);
    const ending = new AbortController();
    const run = (async () => {
      const runId = await startBy(rehearsal, scenario, scenario.command, scenario.text, scenario.flow);
      await approveByAll(rehearsal, scenario, runId);
      await untilDone(rehearsal, runId);
      ending.abort();
      return runId;
    })();
    run.catch(() => ending.abort());
    await killer.work(ending.signal, (bot) => all.push(bot));
    const runId = await run;
    await untilCardIsStill(rehearsal, runId);
    return {
      ...(await takeSnapshot(rehearsal, runId)),
      runId,
      tried: killer.tried,
      kills: killer.kills(),
      gaps: await killer.gaps(runId),
      logs: all.map((bot) => bot.log()).join(''),
    };
  } catch (error) {
    const rows = await lastRows(rehearsal).catch(() => []);
    throw new Error([(error as Error).message, ...rows, ...all.map((bot) => bot.log())].join('\n'), { cause: error });
  } finally {
    await killer.end();
    await rehearsal.close();
  }
};

/** What was written down last, for whoever must understand why it did not go on. */
const lastRows = async ({ journal }: Rehearsal): Promise<string[]> =>
  (
    await journal.query(
      `SELECT at, stream, type, left(data, 300) AS data FROM journal WHERE type NOT IN ('run.created', 'step.skipped', 'step.started') ORDER BY at DESC LIMIT 60`,
    )
  ).rows.map(({ at, stream, type, data }) => `${at} ${stream} ${type} ${data}`);

/** Starts a procedure as somebody in Slack does; typed once more when nobody had taken it. */
const startBy = async (
  { world, journal }: Rehearsal,
  { people }: Scenario,
  command: string,
  text: string,
  flow: string,
): Promise<string> => {
  const typed = async () =>
    (await world.post('/slack/command', { user: people[0], channel: 'general', command, text })).status;
  let status = await typed();
  return world.until(`the run of ${command} ${text}`, 90, async () => {
    if (status !== 200) status = await typed();
    const { rows } = await journal.query(`SELECT id FROM runs WHERE flow = $1 ORDER BY created_at DESC LIMIT 1`, [
      flow,
    ]);
    return rows[0]?.id as string | undefined;
  });
};

/** Everybody who did not ask says yes until it is approved; those whose yes does not count are refused, which is right. */
const approveByAll = async ({ world, journal }: Rehearsal, { people }: Scenario, runId: string): Promise<void> => {
  const [created] = await rowsOf(journal, `run:${runId}`);
  const approval = created!.data.event.graph.steps.find(({ uses }: Step) => uses === 'engine/approval');
  if (!approval) return;
  await world.until(`the approval of ${runId}`, 120, async () => {
    const rows = await rowsOf(journal, `run:${runId}`);
    const about = rows.filter(({ data }) => data.event.step === approval.id);
    if (about.some(({ type }) => type === 'step.succeeded')) return true;
    if (rows.some(({ type }) => type === 'run.finished')) throw new Error(`${runId} ended before it was approved`);
    const yes = new Set(about.filter(({ type }) => type === 'approval.given').map(({ data }) => data.event.person));
    for (const user of people.slice(1).filter((each) => !yes.has(each))) {
      const card = await cardOf(world, runId);
      if (!card || !hasButton(card.message, 'run:approve')) return undefined;
      // Nobody may be there to take it just now; it is clicked again then.
      const { view } = await world
        .post('/slack/click', { user, channel: card.channel.id, ts: card.message.ts, actionId: 'run:approve' })
        .catch(() => ({ view: null }));
      const word = view && /Type (\S+) to approve/.exec(JSON.stringify(view))?.[1];
      if (word)
        await world
          .post('/slack/submit', { user, viewId: view.id, values: { field: { value: word } } })
          .catch(() => undefined);
    }
    return undefined;
  });
};

/** Until it has ended, or stopped for a human. */
const untilDone = ({ world, journal }: Rehearsal, runId: string): Promise<true> =>
  world.until(`the end of ${runId}`, 240, async () => {
    const { rows } = await journal.query(`SELECT status, outcome FROM runs WHERE id = $1`, [runId]);
    const [row] = rows;
    return row?.outcome || row?.status === 'halted' || row?.status === 'needs a human' ? (true as const) : undefined;
  });

/** Cards are drawn after the fact, by whoever finds them behind: until one says how it ended, or there is none. */
const untilCardIsStill = async ({ world, journal }: Rehearsal, runId: string): Promise<void> => {
  const { rows } = await journal.query(`SELECT outcome FROM runs WHERE id = $1`, [runId]);
  const what = { succeeded: /^✅/, failed: /Failed/ }[rows[0].outcome as string];
  await world.until(`the last card of ${runId}`, 60, async () => {
    const card = await cardOf(world, runId);
    return !card || !what || what.test(card.message.text) ? true : undefined;
  });
};
