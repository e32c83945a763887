import type pg from 'pg';
import { canonical, storable } from '../canonical.ts';
import type { Check, Clock, FlowPlan, Log, LossInput } from '../define.ts';
import type { LossReading } from '../engine/ports.ts';
import { messageOf } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { fill } from '../plan/references.ts';
import type { Registry } from '../plan/registry.ts';
import { viewPlan } from '../plan/view.ts';

/** What the watch last saw of one check between two places. Times are the world's. */
export interface Sighting {
  answer: 'yes' | 'no' | 'unknown';
  because: string;
  askedAt: Date;
  lastYesAt: Date | null;
  /** When the first question of the current row of failures was asked. */
  failingSince: Date | null;
  /** When the question was asked that has no answer yet. */
  pendingSince: Date | null;
}

/** Whether a source answers, as far as the watch can tell now, and since when it does not. */
export interface Liveness {
  answers: boolean | null;
  lastSeenAliveAt: Date | null;
  /** From here on it cannot have committed anything: asked before, it owed an answer by then. */
  silentSince: Date | null;
}

export interface Watch {
  /** Resolves when each check has been asked once; they go on being asked. */
  start(): Promise<void>;
  stop(): void;
  /** The newest sighting of a check, or undefined when it never ran. */
  sighting(plan: string, check: string, from: string, to: string): Promise<Sighting | undefined>;
  readLoss(plan: string, input: LossInput, signal: AbortSignal): Promise<LossReading>;
  /** Since when a check fails without a break; null when it does not, or is not watched. */
  failingSince(plan: string, check: string, from: string, to: string): Promise<Date | null>;
}

export interface WatchOptions {
  pool: pg.Pool;
  clock: Clock;
  log: Log;
  registry: Registry;
  plans(): ReadonlyMap<string, Plan>;
}

/**
 * Asks each check that a plan wants asked `every` so often, and keeps when it last said yes. That record is what turns
 * "the database is gone" into "it was last seen alive at 10:04:05", from which detection and loss are counted.
 */
export const createWatch = (options: WatchOptions): Watch => {
  const { clock, registry, pool } = options;
  const timers = new Set<NodeJS.Timeout>();
  const stopping = new AbortController();

  const context = (signal: AbortSignal) => ({ clock, log: options.log, signal });

  const watchCheck = (
    plan: Plan,
    view: FlowPlan,
    name: string,
    everySeconds: number,
    from: string,
    to: string,
  ): Promise<void> => {
    const written = plan.text.checks[name]!;
    const check = registry.checks.get(written.uses);
    if (!check) return Promise.resolve();
    let input: unknown;
    try {
      input = check.resolve(check.with.parse(fill(written.with ?? {}, { from, to })), view);
    } catch {
      // What it asks after does not stand in one of these places, which is as the plan says.
      return Promise.resolve();
    }
    const turn = async () => {
      const askedAt = clock.now();
      await markPending(plan.text.plan, name, from, to, askedAt);
      // A check bounds itself; this bounds one that does not, so that a hung one is asked again.
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(15_000)]);
      const answer = await check
        .ask(input, context(signal))
        .catch((error) => ({ answer: 'unknown' as const, because: messageOf(error), facts: undefined }));
      if (!stopping.signal.aborted) await remember(plan.text.plan, name, from, to, askedAt, answer);
    };
    const loop = async (): Promise<void> => {
      if (stopping.signal.aborted) return;
      await turn()
        .catch((error) => options.log.warn({ plan: plan.text.plan, check: name }, messageOf(error)))
        .finally(() => {
          const timer = setTimeout(
            () => {
              timers.delete(timer);
              void loop();
            },
            Math.max((everySeconds * 1000) / clock.speed, shortestPauseMs),
          );
          timers.add(timer);
        });
    };
    return loop();
  };

  const markPending = async (plan: string, check: string, from: string, to: string, askedAt: Date) => {
    await pool.query({
      name: 'sighting-pending',
      text: `UPDATE sightings SET pending_since = $5 WHERE plan = $1 AND check_name = $2 AND from_place = $3 AND to_place = $4`,
      values: [plan, check, from, to, askedAt],
    });
  };

  const remember = async (
    plan: string,
    check: string,
    from: string,
    to: string,
    askedAt: Date,
    answer: Awaited<ReturnType<Check['ask']>>,
  ) => {
    await pool.query({
      name: 'sighting',
      text: `INSERT INTO sightings AS s (plan, check_name, from_place, to_place, answer, because, facts, asked_at, last_yes_at, last_yes_facts, failing_since)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $5 = 'yes' THEN $8::timestamptz END, CASE WHEN $5 = 'yes' THEN $7::jsonb END,
                     CASE WHEN $5 <> 'yes' THEN $8::timestamptz END)
             ON CONFLICT (plan, check_name, from_place, to_place) DO UPDATE SET
               answer = excluded.answer, because = excluded.because, facts = excluded.facts, asked_at = excluded.asked_at,
               last_yes_at = coalesce(excluded.last_yes_at, s.last_yes_at), last_yes_facts = coalesce(excluded.last_yes_facts, s.last_yes_facts),
               failing_since = CASE WHEN excluded.answer = 'yes' THEN NULL ELSE coalesce(s.failing_since, excluded.failing_since) END,
               pending_since = NULL
             WHERE s.asked_at <= excluded.asked_at`,
      values: [
        plan,
        check,
        from,
        to,
        answer.answer,
        storable(answer.because),
        // jsonb refuses an escaped NUL; a row that is refused would leave an old yes standing.
        canonical(answer.facts ?? {}).replaceAll('\\u0000', '\ufffd'),
        askedAt,
      ],
    });
  };

  const sighting: Watch['sighting'] = async (plan, check, from, to) => {
    const { rows } = await pool.query(
      `SELECT answer, because, asked_at AS "askedAt", last_yes_at AS "lastYesAt", failing_since AS "failingSince",
              pending_since AS "pendingSince"
       FROM sightings WHERE plan = $1 AND check_name = $2 AND from_place = $3 AND to_place = $4`,
      [plan, check, from, to],
    );
    return rows[0];
  };

  return {
    async start() {
      const asked: Promise<void>[] = [];
      for (const plan of options.plans().values()) {
        const view = viewPlan(plan, registry);
        const [from, ...others] = view.prefer;
        for (const [name, { every }] of Object.entries(plan.text.checks)) {
          if (every === undefined) continue;
          for (const to of others) asked.push(watchCheck(plan, view, name, every, from!, to));
        }
      }
      await Promise.all(asked);
    },
    stop() {
      stopping.abort();
      for (const timer of timers) clearTimeout(timer);
    },
    sighting,
    async failingSince(plan, check, from, to) {
      return (await sighting(plan, check, from, to))?.failingSince ?? null;
    },
    async readLoss(plan, input, signal) {
      const seen = await sighting(plan, input.aliveCheck, input.from, input.to);
      const check = registry.checks.get(input.replayed.uses);
      const replayed = check
        ? await check
            .ask(check.input.parse(input.replayed.input), context(signal))
            .catch((error) => ({ answer: 'unknown' as const, because: messageOf(error), facts: undefined }))
        : undefined;
      const newest =
        replayed?.answer === 'yes' && typeof replayed.facts?.['newest'] === 'string'
          ? new Date(replayed.facts['newest'])
          : null;
      return judgeLoss(
        input.component,
        liveness(seen, clock),
        newest,
        clock.now(),
        replayed?.because ?? `there is no check ${input.replayed.uses}`,
      );
    },
  };
};

/** Wall milliseconds between two looks: a rehearsed world may run so fast that looking at it would be all there is time for. */
const shortestPauseMs = 500;

/** A healthy source answers well within this; a question open for longer counts as unanswered since it was asked. */
const patienceMs = 500;
/** What was asked longer ago than this says nothing about now: the watch itself was not running. */
const staleMs = 20_000;

/** Judges a sighting by its age: an old yes is no yes, and an open question is the beginning of a no. */
export const liveness = (seen: Sighting | undefined, clock: Pick<Clock, 'now' | 'speed'>): Liveness => {
  const lastSeenAliveAt = seen?.lastYesAt ?? null;
  const ageMs = (at: Date) => (clock.now().getTime() - at.getTime()) / clock.speed;
  const pending = seen?.pendingSince ?? null;
  if (!seen || ageMs(pending ?? seen.askedAt) > staleMs) return { answers: null, lastSeenAliveAt, silentSince: null };
  // It may have died after the question reached it: until a healthy answer would have come, it can have gone on.
  const silentFrom = (asked: Date) => new Date(asked.getTime() + patienceMs * clock.speed);
  if (seen.failingSince) return { answers: false, lastSeenAliveAt, silentSince: silentFrom(seen.failingSince) };
  if (pending && ageMs(pending) > patienceMs)
    return { answers: false, lastSeenAliveAt, silentSince: silentFrom(pending) };
  return { answers: true, lastSeenAliveAt, silentSince: null };
};

/**
 * Loss = when the source was last seen alive − the last commit that the standby has. While the source answers it is
 * simply what has not arrived yet. With the source gone it no longer grows: nothing is written there any more. The upper
 * bound counts to the first question that stayed unanswered. Never seen alive, or nothing read at the standby: not known.
 */
export const judgeLoss = (
  component: string,
  source: Liveness,
  newest: Date | null,
  now: Date,
  because: string,
): LossReading => {
  const { answers, lastSeenAliveAt, silentSince } = source;
  const reading = {
    component,
    sourceAnswers: answers,
    lastSeenAliveAt: lastSeenAliveAt?.toISOString() ?? null,
    lastReplayedAt: newest?.toISOString() ?? null,
  };
  if (newest === null)
    return {
      ...reading,
      seconds: null,
      upperBoundSeconds: null,
      because: `what the standby of ${component} has could not be read: ${because}`,
    };
  const seconds = (until: Date) => Math.max(0, Math.round((until.getTime() - newest.getTime()) / 100) / 10);
  // The standby holds something from after the silence is said to have begun: it was a slow answer and not the end. When
  // that was, nobody knows; only that it is over by now.
  const wasAliveLater = silentSince !== null && newest > silentSince;
  const most = seconds(wasAliveLater ? now : (silentSince ?? now));
  if (lastSeenAliveAt === null || answers === null)
    return {
      ...reading,
      seconds: null,
      upperBoundSeconds: most,
      because: `nobody watched the source of ${component} lately, so the loss is not known; it is at most ${most} s`,
    };
  const expected = answers ? most : seconds(lastSeenAliveAt);
  return {
    ...reading,
    seconds: expected,
    upperBoundSeconds: Math.max(expected, most),
    because: `about ${expected} s of ${component} would be lost, at most ${Math.max(expected, most)} s`,
  };
};
