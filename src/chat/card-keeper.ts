import type pg from 'pg';
import { sha256 } from '../canonical.ts';
import type { Clock, Log } from '../define.ts';
import type { RunEvent } from '../engine/events.ts';
import type { RunState } from '../engine/state.ts';
import { messageOf } from '../errors.ts';
import { runCard } from './cards/run-card.ts';

export interface CardSlack {
  postMessage(
    channel: string,
    content: {
      text: string;
      blocks: unknown[];
      metadata: { event_type: string; event_payload: Record<string, string> };
    },
  ): Promise<{ channel: string; ts: string }>;
  updateMessage(channel: string, ts: string, content: { text: string; blocks: unknown[] }): Promise<void>;
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
  stop(): void;
}

/** Between two edits of one card; changes of standing are drawn at once. Wall milliseconds. */
const pauseMs = 1_500;
const retryMs = 2_000;
/** The channel is being opened, or another process is posting the card. */
const channelPauseMs = 100;
/** World seconds for which an ended run's card is still looked after: its last change may be what was not drawn. */
const finishedSeconds = 24 * 3600;

/** Keeps one message per run equal to its state. What Slack refuses is drawn later, from the state as it is then. */
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
  const entries = new Map<
    string,
    { state: RunState; drawnAt: number; standing: string; timer?: NodeJS.Timeout; drawing: boolean; again: boolean }
  >();
  let stopped = false;
  /** Where each run's journal ended at the last look, and whether that much was drawn. */
  let heads = new Map<string, { seq: number; drawn: boolean }>();
  let isFirstLook = true;

  const draw = async (runId: string): Promise<void> => {
    const entry = entries.get(runId)!;
    entry.timer = undefined;
    if (entry.drawing) {
      entry.again = true;
      return;
    }
    entry.drawing = true;
    entry.again = false;
    entry.drawnAt = performance.now();
    entry.standing = standing(entry.state);
    const { state } = entry;
    let againMs: number | undefined;
    try {
      if (!(await show(state))) againMs = channelPauseMs;
    } catch (error) {
      againMs = Math.max(retryMs, ((error as { retryAfterSeconds?: number }).retryAfterSeconds ?? 0) * 1000);
      log.warn({ run: runId }, `the card could not be drawn: ${messageOf(error)}`);
    }
    entry.drawing = false;
    if (stopped) return;
    if (againMs !== undefined) entry.timer ??= setTimeout(() => void draw(runId), againMs);
    else if (entry.again || entry.state !== state) schedule(runId);
    else if (state.outcome !== null) entries.delete(runId);
  };

  /** False when there is no channel to show it in yet. */
  const show = async (state: RunState): Promise<boolean> => {
    const runId = state.created.run;
    const channel = await options.channelOf(state.created.incident);
    if (!channel) {
      if (state.outcome === null) return false;
      await options.record(runId, { type: 'view.given-up', data: { kind: 'card', why: 'no channel was opened' } });
      return true;
    }
    const card = runCard(state, clock.now());
    const digest = sha256(JSON.stringify(card));
    const { rows } = await pool.query(`SELECT channel, ts, digest FROM views WHERE subject = $1 AND kind = 'card'`, [
      runId,
    ]);
    if (rows[0]?.digest === digest) return true;
    let place: { channel: string; ts: string } | undefined = rows[0];
    if (!place) {
      const key = `${runId}/card`;
      // One of several processes posts it; the others find it in the row, or in the channel when that process died.
      if (!(await claimed(runId, channel))) {
        place = await slack.findOwnMessage(channel, key);
        if (!place && !(await claimIsOld(runId))) return false;
      }
      place ??= await slack.postMessage(channel, {
        ...card,
        metadata: { event_type: 'mayday_step', event_payload: { key } },
      });
      await options.record(runId, { type: 'view.made', data: { kind: 'card', channel: place.channel, ts: place.ts } });
    } else await slack.updateMessage(place.channel, place.ts, card);
    await pool.query(
      `INSERT INTO views (subject, kind, channel, ts, digest) VALUES ($1, 'card', $2, $3, $4)
       ON CONFLICT (subject, kind) DO UPDATE SET channel = excluded.channel, ts = excluded.ts, digest = excluded.digest`,
      [runId, place.channel, place.ts, digest],
    );
    return true;
  };

  const claimed = async (runId: string, channel: string): Promise<boolean> => {
    const { rowCount } = await pool.query(
      `INSERT INTO views (subject, kind, channel, ts, digest) VALUES ($1, 'card-claim', $2, '', now()::text) ON CONFLICT DO NOTHING`,
      [runId, channel],
    );
    return rowCount === 1;
  };

  /** Whoever claimed the posting has had time enough for it, so it is not coming any more. */
  const claimIsOld = async (runId: string): Promise<boolean> => {
    const { rows } = await pool.query(
      `SELECT digest::timestamptz < now() - interval '15 seconds' AS old FROM views WHERE subject = $1 AND kind = 'card-claim'`,
      [runId],
    );
    return rows[0]?.old ?? true;
  };

  const schedule = (runId: string): void => {
    const entry = entries.get(runId)!;
    if (stopped || entry.drawing) {
      entry.again = true;
      return;
    }
    const urgent = standing(entry.state) !== entry.standing;
    if (entry.timer && !urgent) return;
    clearTimeout(entry.timer);
    const waitMs = urgent ? 0 : Math.max(0, entry.drawnAt + pauseMs - performance.now());
    entry.timer = setTimeout(() => void draw(runId), waitMs);
  };

  return {
    changed(state) {
      const { run, graph } = state.created;
      // What only looks, or only tells, has no card: its answer is the message.
      if (!graph.steps.some(({ uses }) => uses === 'engine/approval')) return;
      const entry = entries.get(run);
      if (entry) entry.state = state;
      else entries.set(run, { state, drawnAt: Number.NEGATIVE_INFINITY, standing: '', drawing: false, again: false });
      schedule(run);
    },
    async catchUp(stateOf) {
      const { rows } = await pool.query(
        `SELECT r.id, h.seq FROM runs r JOIN stream_heads h ON h.stream = 'run:' || r.id
         WHERE r.flow <> 'status' AND (r.finished_at IS NULL OR r.created_at > $1)`,
        [new Date(clock.now().getTime() - finishedSeconds * 1000)],
      );
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
    stop() {
      stopped = true;
      for (const { timer } of entries.values()) clearTimeout(timer);
    },
  };
};

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
