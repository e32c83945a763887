import { setTimeout as sleep } from 'node:timers/promises';
import type { Step } from '../../src/plan/graph.ts';
import type { BotProcess, Rehearsal } from '../support/rehearsal.ts';
import type { Watched } from '../support/tcp-proxy.ts';
import { birth, callBoundaries, callsOf, intentOf, type Point, pointName, watchFor } from './boundaries.ts';

/** How long one kill waits for more calls to come to a stand, so that one death tries several points. */
const gatherMs = 1_000;

const isCall = ({ boundary }: Point): boolean => (callBoundaries as readonly string[]).includes(boundary);

interface Reached {
  point: Point;
  bot: BotProcess;
  /** The proxy's, when it is the journal that stands still. */
  watch?: Watched;
}

export interface Killer {
  /** Points at which a process was killed so far. */
  tried: Point[];
  kills(): number;
  /** Watches what this process does from now on. */
  arm(bot: BotProcess): void;
  /** Kills until told to end; `came` hears of every process that replaces a dead one. */
  work(ending: AbortSignal, came: (bot: BotProcess) => void): Promise<void>;
  /** Wall milliseconds from each kill to the next thing that was written down of the run. */
  gaps(runId: string): Promise<number[]>;
  end(): Promise<void>;
}

/** Watches every process for the points, kills those that have come to one, and sees that somebody is there to go on. */
export const createKiller = (
  rehearsal: Rehearsal,
  { points, graph, say }: { points: readonly Point[]; graph: readonly Step[]; say(line: string): void },
): Killer => {
  const { holds } = rehearsal.sandbox.context;
  const tried: Point[] = [];
  const killedAt: Date[] = [];
  const pending = new Map(points.map((point) => [pointName(point), point]));
  let watched: (Reached & { watch: Watched })[] = [];
  /** Who intends a step, as far as the journal's proxies have seen it. */
  const intends: { step: string; bot: BotProcess; watch: Watched }[] = [];
  const held = new Map<string, number[]>();
  let coming: Promise<unknown> = Promise.resolve();

  for (const point of points.filter(isCall)) {
    const step = graph.find(({ id }) => id === point.step);
    if (!step) throw new Error(`The graph has no step "${point.step}".`);
    const { calls, contains } = callsOf(step, graph);
    const when = point.boundary === 'unanswered' ? 'after' : 'before';
    held.set(
      pointName(point),
      calls.map((call) => holds.add({ call, when, contains }).id),
    );
  }

  const isHeld = (point: Point): boolean => {
    const mine = held.get(pointName(point)) ?? [];
    return holds.list().some(({ id, reached }) => reached && mine.includes(id));
  };
  const reached = (): Reached[] => [
    ...watched.filter(({ bot, watch }) => bot.isAlive() && watch.reached()),
    ...[...pending.values()].flatMap((point): Reached[] => {
      if (!isCall(point) || !isHeld(point)) return [];
      const owner = intends.findLast(({ step, watch, bot }) => step === point.step && watch.reached() && bot.isAlive());
      return owner ? [{ point, bot: owner.bot }] : [];
    }),
  ];

  /**
   * What was sent to be written, and whose answer is held, must be durable before its sender dies. False when it was
   * refused, because somebody else appended first: then this is not the moment yet.
   */
  const isDurable = ({ step, boundary }: Point, watch: Watched): Promise<boolean> =>
    rehearsal.world.until(`an answer about ${step}`, 20, async () => {
      const isAnswered = watch.isAnswered();
      const types =
        boundary === 'after-intent' ? `type = 'step.acting'` : `type NOT IN ('step.started', 'step.acting')`;
      const { rows } = await rehearsal.journal.query(
        step === birth
          ? `SELECT 1 FROM journal WHERE type = 'run.created' LIMIT 1`
          : `SELECT 1 FROM journal WHERE stream LIKE 'run:%' AND ${types} AND data LIKE $1 LIMIT 1`,
        step === birth ? [] : [`%"step":"${step}"%`],
      );
      return rows.length > 0 ? true : isAnswered ? false : undefined;
    });

  /** Those at which a kill is worth it now; what was refused is let go and watched for again. */
  const ripe = async (): Promise<Reached[]> => {
    const found: Reached[] = [];
    for (const one of reached()) {
      const { point, bot, watch } = one;
      const wanted = watchFor(point);
      if (!watch || wanted?.hold !== 'answer' || (await isDurable(point, watch))) {
        found.push(one);
        continue;
      }
      watch.release();
      watched = watched.map((each) => (each.watch === watch ? { ...each, watch: bot.proxy.watch(wanted) } : each));
    }
    return found;
  };

  /** Nobody else is to be held where one has died already. */
  const forget = (point: Point, how: 'go' | 'drop'): void => {
    const name = pointName(point);
    pending.delete(name);
    for (const each of watched) if (pointName(each.point) === name) each.watch.release();
    watched = watched.filter((each) => pointName(each.point) !== name);
    for (const id of held.get(name) ?? []) holds.release(how, id);
  };

  /** A third death in the midst of one step's act ends that step, as it should; it would only hide the other points. */
  const wouldGiveUp = async (): Promise<boolean> => {
    const { rows } = await rehearsal.journal.query(
      `SELECT type, data FROM journal WHERE stream LIKE 'run:%' AND type LIKE 'step.%' ORDER BY stream, seq`,
    );
    const acts = new Map<string, number>();
    for (const { type, data } of rows) {
      const step: string = JSON.parse(data).event.step;
      if (type === 'step.acting') acts.set(step, (acts.get(step) ?? 0) + 1);
      else if (type !== 'step.waiting') acts.delete(step);
    }
    return [...acts.values()].some((count) => count >= 2);
  };

  const arm = (bot: BotProcess): void => {
    for (const point of pending.values()) {
      const watch = watchFor(point);
      if (watch) watched.push({ point, bot, watch: bot.proxy.watch(watch) });
      else intends.push({ step: point.step, bot, watch: bot.proxy.watch(intentOf(point.step)) });
    }
  };

  return {
    tried,
    kills: () => killedAt.length,
    arm,
    async work(ending, came) {
      while (!ending.aborted) {
        if (reached().length === 0) {
          await sleep(15);
          continue;
        }
        // An append that is held holds up everything else of that run, so nothing more would come.
        const until = performance.now() + gatherMs;
        while (performance.now() < until && !ending.aborted && reached().every(({ point }) => isCall(point)))
          await sleep(15);
        const now = await ripe();
        if (now.length === 0) continue;
        const names = now.map(({ point }) => pointName(point)).join(', ');
        if (await wouldGiveUp()) {
          say(`  let live at ${names}`);
          for (const { point } of now) forget(point, 'go');
          continue;
        }
        const doomed = new Set(now.map(({ bot }) => bot));
        killedAt.push(new Date());
        await Promise.all([...doomed].map((bot) => bot.kill()));
        for (const { point } of now) {
          tried.push(point);
          forget(point, point.boundary === 'sent-and-late' ? 'go' : 'drop');
        }
        say(`  killed ${doomed.size === 1 ? 'one' : doomed.size} at ${names}`);
        const next = coming.then(async () => {
          if (ending.aborted) return;
          const bot = await rehearsal.start();
          arm(bot);
          came(bot);
        });
        coming = next.catch(() => {});
        // With nobody left, the next one is all there is to wait for.
        if (!rehearsal.bots().some((bot) => bot.isAlive())) await next;
      }
    },
    async gaps(runId) {
      const { rows } = await rehearsal.journal.query(`SELECT at FROM journal WHERE stream = $1 ORDER BY seq`, [
        `run:${runId}`,
      ]);
      const times = rows.map(({ at }) => Date.parse(at));
      return killedAt.flatMap((killed) => {
        const next = times.find((at) => at > killed.getTime());
        return next === undefined ? [] : [next - killed.getTime()];
      });
    },
    async end() {
      for (const { watch } of [...watched, ...intends]) watch.release();
      holds.release('drop');
      await coming;
    },
  };
};
