import type pg from 'pg';
import { sha256 } from '../canonical.ts';
import type { Clock, Log } from '../define.ts';
import type { RunEvent } from '../engine/events.ts';
import type { RunState } from '../engine/state.ts';
import { type MaydayError, messageOf } from '../errors.ts';
import { runCard } from './cards/run-card.ts';
import { threadLog } from './cards/thread-log.ts';

export interface CardSlack {
  postMessage(
    channel: string,
    content: {
      text: string;
      blocks?: unknown[];
      metadata?: { event_type: string; event_payload: Record<string, string> };
      thread_ts?: string;
    },
  ): Promise<{ channel: string; ts: string }>;
  updateMessage(
    channel: string,
    ts: string,
    content: { text: string; blocks: unknown[] },
    urgent: boolean,
  ): Promise<void>;
  findOwnMessage(channel: string, key: string): Promise<{ channel: string; ts: string } | undefined>;
}

export type CardEvent = Extract<RunEvent, { type: 'view.made' | 'view.given-up' }>;

export interface CardKeeper {
  /** Draws the run's card when it is due. Never throws and never blocks: talking must not hold up recovering. */
  changed(state: RunState): void;
  /**
   * Draws the cards of runs about which something was written down by a process that did not live to draw it. Called
   * again and again; a run that somebody is at work on is left to them.
   */
  catchUp(stateOf: (runId: string) => Promise<RunState>): Promise<void>;
  /** How many cards are looked after here, and for how many wall seconds the one furthest behind is. */
  health(): { cards: number; oldestSeconds: number };
  stop(): void;
}

/** Between two edits of one card, for each card that is live; changes of standing are drawn at once. Wall milliseconds. */
const pauseMs = 1_500;
/** A card that shows running time is drawn anew after so long although nothing has happened. */
const tickMs = 10_000;
const retryMs = 2_000;
/** Between two messages in a card's thread. */
const threadPauseMs = 5_000;
/** The channel is being opened, or another process is posting the card. */
const channelPauseMs = 100;
/** As many cards may be on their way at once: one that Slack is slow to take must not hold up the others. */
const mostAtOnce = 4;
/** World seconds for which an ended run's card is still looked after: its last change may be what was not drawn. */
const finishedSeconds = 24 * 3600;

interface Entry {
  state: RunState;
  drawnAt: number;
  standing: string;
  /** Since when something is not shown; undefined while all is. */
  behindSince: number | undefined;
  notBefore: number;
  drawing: boolean;
  /** It was said that the text is the same; only time has passed. */
  ticking: boolean;
}

/**
 * Keeps one message per run equal to its state. What Slack refuses is drawn later, from the state as it is then. What
 * people wait for is drawn first; the rest takes turns, the longest undrawn before the others, within Slack's limits.
 */
export const createCardKeeper = (options: {
  slack: CardSlack;
  pool: pg.Pool;
  clock: Clock;
  log: Log;
  channelOf(incident: string): Promise<string | undefined>;
  /** Puts on record that the card was posted, or that it never could be. */
  record(runId: string, event: CardEvent): Promise<unknown>;
}): CardKeeper => {
  const { slack, pool, clock, log } = options;
  const entries = new Map<string, Entry>();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  /** Runs that are live anywhere, as of the last look. */
  let liveRuns = 0;
  /** Where each run's journal ended at the last look, and whether that much was drawn. */
  let heads = new Map<string, { seq: number; drawn: boolean }>();
  let isFirstLook = true;

  const isUrgent = (entry: Entry) => standing(entry.state) !== entry.standing;
  const pause = () => {
    const mine = [...entries.values()].filter(({ state }) => state.outcome === null).length;
    // Slack's minutes are the world's.
    return Math.max(pauseMs, (pauseMs * Math.max(mine, liveRuns)) / clock.speed);
  };
  const dueAt = (entry: Entry): number => Math.max(entry.notBefore, isUrgent(entry) ? 0 : entry.drawnAt + pause());

  const wakeIn = (ms: number) => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(turn, Math.min(Math.max(0, ms), 60_000));
  };

  /** Draws what is due, the most urgent first, and comes back when the next is. */
  const turn = (): void => {
    if (stopped) return;
    const now = performance.now();
    for (const entry of entries.values())
      if (entry.behindSince === undefined && !entry.drawing && showsTime(entry.state) && now - entry.drawnAt > tickMs) {
        entry.behindSince = now;
        entry.ticking = true;
      }
    const waiting = [...entries].filter(([, entry]) => entry.behindSince !== undefined && !entry.drawing);
    const free = mostAtOnce - [...entries.values()].filter(({ drawing }) => drawing).length;
    const due = waiting
      .filter(([, entry]) => dueAt(entry) <= now)
      .sort(([, a], [, b]) => Number(isUrgent(b)) - Number(isUrgent(a)) || a.drawnAt - b.drawnAt)
      .slice(0, free);
    for (const [runId, entry] of due) void draw(runId, entry);
    if (free <= 0) return;
    const rest = waiting.filter((each) => !due.includes(each)).map(([, entry]) => dueAt(entry) - now);
    const ticks = [...entries.values()].some(({ state }) => showsTime(state)) ? [tickMs] : [];
    const next = Math.min(...rest, ...ticks);
    if (Number.isFinite(next)) wakeIn(next);
  };

  const draw = async (runId: string, entry: Entry): Promise<void> => {
    const { state, ticking } = entry;
    entry.drawing = true;
    const now = performance.now();
    let againMs: number | undefined;
    try {
      againMs = await show(state, isUrgent(entry));
      if (againMs === undefined) {
        entry.drawnAt = now;
        entry.standing = standing(state);
      }
    } catch (error) {
      const seconds = (error as { retryAfterSeconds?: number }).retryAfterSeconds;
      // It is not Slack's turn yet: no fault, and no more than a wait.
      againMs = seconds === undefined ? retryMs : Math.max(20, seconds * 1000);
      if (seconds === undefined) log.warn({ run: runId }, `the card could not be drawn: ${messageOf(error)}`);
    }
    entry.drawing = false;
    entry.ticking = false;
    if (againMs !== undefined) entry.notBefore = performance.now() + againMs;
    else if (entry.state === state) {
      entry.behindSince = undefined;
      if (state.outcome !== null && !ticking) entries.delete(runId);
    } else entry.behindSince = now;
    turn();
  };

  /** Undefined when the card stands as the state says; otherwise after how many wall milliseconds to try again. */
  const show = async (state: RunState, urgent: boolean): Promise<number | undefined> => {
    const runId = state.created.run;
    const channel = await options.channelOf(state.created.incident);
    if (!channel) {
      if (state.outcome === null) return channelPauseMs;
      await options.record(runId, { type: 'view.given-up', data: { kind: 'card', why: 'no channel was opened' } });
      return undefined;
    }
    const card = runCard(state, clock.now());
    const digest = sha256(JSON.stringify(card));
    const { rows } = await pool.query(`SELECT channel, ts, digest FROM views WHERE subject = $1 AND kind = 'card'`, [
      runId,
    ]);
    if (rows[0]?.digest === digest) return undefined;
    let place: { channel: string; ts: string } | undefined = rows[0];
    if (!place) {
      const key = `${runId}/card`;
      // One of several processes posts it; the others find it in the row, or in the channel when that process died.
      if (!(await claimed(runId, channel))) {
        place = await slack.findOwnMessage(channel, key);
        if (!place && !(await claimIsOld(runId))) return channelPauseMs;
      }
      place ??= await slack
        .postMessage(channel, {
          ...card,
          metadata: { event_type: 'mayday_step', event_payload: { key } },
        })
        .catch(async (error) => {
          // Surely not posted: nobody needs to wait for us.
          if ((error as MaydayError).effect === 'not-made') await unclaim(runId);
          throw error;
        });
      await options.record(runId, { type: 'view.made', data: { kind: 'card', channel: place.channel, ts: place.ts } });
    } else {
      await slack.updateMessage(place.channel, place.ts, card, urgent);
    }
    // The card has only what counts now; what was done stands in its thread.
    void tellThread(state, place).catch((error) => log.warn({ run: runId }, messageOf(error)));
    await pool.query(
      `INSERT INTO views (subject, kind, channel, ts, digest) VALUES ($1, 'card', $2, $3, $4)
       ON CONFLICT (subject, kind) DO UPDATE SET channel = excluded.channel, ts = excluded.ts, digest = excluded.digest`,
      [runId, place.channel, place.ts, digest],
    );
    return undefined;
  };

  const threadToldAt = new Map<string, number>();

  const tellThread = async (state: RunState, place: { channel: string; ts: string }): Promise<void> => {
    const runId = state.created.run;
    const now = performance.now();
    if (state.outcome === null && now - (threadToldAt.get(runId) ?? Number.NEGATIVE_INFINITY) < threadPauseMs) return;
    const { rows } = await pool.query(`SELECT digest FROM views WHERE subject = $1 AND kind = 'thread'`, [runId]);
    const told: string = rows[0]?.digest ?? '';
    const { text, until } = threadLog(state, told);
    if (text === undefined) return;
    threadToldAt.set(runId, now);
    // Whoever moves the mark says it; said by nobody is better than said twice, for all of it stands behind Details.
    const { rowCount } = await pool.query(
      `INSERT INTO views AS v (subject, kind, channel, ts, digest) VALUES ($1, 'thread', $2, $3, $4)
       ON CONFLICT (subject, kind) DO UPDATE SET digest = excluded.digest WHERE v.digest = $5`,
      [runId, place.channel, place.ts, until, told],
    );
    if (rowCount === 1) await slack.postMessage(place.channel, { text, thread_ts: place.ts });
    if (state.outcome !== null) threadToldAt.delete(runId);
  };

  const claimed = async (runId: string, channel: string): Promise<boolean> => {
    const { rowCount } = await pool.query(
      `INSERT INTO views (subject, kind, channel, ts, digest) VALUES ($1, 'card-claim', $2, '', now()::text) ON CONFLICT DO NOTHING`,
      [runId, channel],
    );
    return rowCount === 1;
  };

  const unclaim = (runId: string) =>
    pool.query(`DELETE FROM views WHERE subject = $1 AND kind = 'card-claim'`, [runId]);

  /** Whoever claimed the posting has had time enough for it, so it is not coming any more. */
  const claimIsOld = async (runId: string): Promise<boolean> => {
    const { rows } = await pool.query(
      `SELECT digest::timestamptz < now() - interval '15 seconds' AS old FROM views WHERE subject = $1 AND kind = 'card-claim'`,
      [runId],
    );
    return rows[0]?.old ?? true;
  };

  return {
    changed(state) {
      const { run, graph } = state.created;
      // What only looks, or only tells, has no card: its answer is the message.
      if (!graph.steps.some(({ uses }) => uses === 'engine/approval')) return;
      const known = entries.get(run);
      const entry: Entry = known ?? {
        state,
        drawnAt: Number.NEGATIVE_INFINITY,
        standing: '',
        behindSince: undefined,
        notBefore: 0,
        drawing: false,
        ticking: false,
      };
      if (!known) entries.set(run, entry);
      entry.state = state;
      entry.behindSince ??= performance.now();
      // What is being drawn looks for itself whether it was overtaken.
      if (!entry.drawing) turn();
    },
    async catchUp(stateOf) {
      const { rows } = await pool.query(
        `SELECT r.id, h.seq, r.finished_at IS NULL AS live FROM runs r JOIN stream_heads h ON h.stream = 'run:' || r.id
         WHERE r.flow <> 'status' AND (r.finished_at IS NULL OR r.created_at > $1)`,
        [new Date(clock.now().getTime() - finishedSeconds * 1000)],
      );
      liveRuns = rows.filter(({ live }) => live).length;
      const before = heads;
      heads = new Map();
      for (const { id, seq } of rows) {
        const known = before.get(id);
        const isStill = known !== undefined && known.seq === seq;
        const wasDrawn = isStill && known.drawn;
        // At the start nobody can be waited for: whoever was at work may be what died.
        const isDue = !wasDrawn && (isStill || isFirstLook);
        heads.set(id, { seq, drawn: wasDrawn || isDue });
        // One that cannot be read any more, such as an erased one, must not keep the others from being drawn.
        if (isDue) await stateOf(id).then(this.changed, (error) => log.error({ run: id }, messageOf(error)));
      }
      isFirstLook = false;
    },
    health() {
      const now = performance.now();
      const ages = [...entries.values()].map(({ behindSince, ticking }) =>
        behindSince === undefined || ticking ? 0 : now - behindSince,
      );
      return { cards: entries.size, oldestSeconds: Math.round(Math.max(0, ...ages) / 100) / 10 };
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
};

/** Its card says how long it has been going on. */
const showsTime = (state: RunState): boolean =>
  state.outcome === null &&
  state.haltedAt === null &&
  Object.keys(state.approvals).every((id) => state.steps[id]?.state !== 'waiting');

/** What people wait for: when it changes, the card must not. */
const standing = (state: RunState): string =>
  JSON.stringify([
    state.outcome,
    state.haltedAt,
    state.aborted !== null,
    state.paused !== null,
    state.unwinding,
    Object.values(state.steps).filter(({ waiver }) => waiver !== null).length,
    Object.values(state.approvals).map(({ given }) => given.length),
    Object.keys(state.approvals).map((id) => state.steps[id]?.state),
  ]);
