import type { Lane } from '../define.ts';
import { MaydayError, messageOf } from '../errors.ts';
import type { Step } from '../plan/graph.ts';
import type { Registry } from '../plan/registry.ts';
import { decide } from './decide.ts';
import { within } from './in-time.ts';
import { perform } from './perform.ts';
import type { EnginePorts, Lease } from './ports.ts';
import type { RunHandle, RunStore } from './run-store.ts';
import type { RunState } from './state.ts';

export interface Worker {
  /** Works on a run's lane until nothing is left to do now. Returns at once when somebody else holds it. */
  process(runId: string, lane: Lane): Promise<void>;
  /** Takes a run's lane up in the background; false when this process has its hands full or is stopping: wake another. */
  offer(runId: string, lane: Lane): boolean;
  /** Starts nothing new, lets what is under way be recorded, for at most that many milliseconds. */
  stop(patienceMs: number): Promise<void>;
}

/** More lanes than this at once are left to other processes. */
const mostLanes = 200;

/**
 * Wall milliseconds that one call which changes something may take: a service that takes it and never answers must not hold a
 * step for ever. Whether it was made is looked for then.
 */
const changePatienceMs = 15_000;

/** A wait shorter than this (wall time) is slept through; a longer one gives the run back. */
const shortWaitMs = 40;

export const createWorker = (ports: EnginePorts, registry: Registry, store: RunStore): Worker => {
  const active = new Map<string, { nudge(): void; done: Promise<void> }>();
  const timers = new Set<NodeJS.Timeout>();
  const stopping = new AbortController();

  const process = async (runId: string, lane: Lane): Promise<void> => {
    const key = `${runId} ${lane}`;
    const running = active.get(key);
    if (running) return running.nudge();
    if (stopping.signal.aborted) return;
    let nudged: (() => void) | undefined;
    let missed = false;
    const nudge = () => {
      missed = true;
      nudged?.();
    };
    const wait = (ms: number | null, others: Promise<unknown>[]): Promise<void> =>
      new Promise((resolve) => {
        if (missed) {
          missed = false;
          return resolve();
        }
        let timer: NodeJS.Timeout | undefined;
        const end = () => {
          clearTimeout(timer);
          nudged = undefined;
          missed = false;
          resolve();
        };
        nudged = end;
        // A longer one would overflow and fire at once.
        if (ms !== null) timer = setTimeout(end, Math.min(ms, 60_000));
        for (const other of others) void other.then(end, end);
      });
    const done = work(runId, lane, wait).finally(() => active.delete(key));
    active.set(key, { nudge, done });
    await done;
    // Nudged in the very moment of giving it back: look once more.
    if (missed && !stopping.signal.aborted) await process(runId, lane);
  };

  const work = async (
    runId: string,
    lane: Lane,
    wait: (ms: number | null, others: Promise<unknown>[]) => Promise<void>,
  ): Promise<void> => {
    const askedAt = performance.now();
    const lease = await ports.leases.take(runId, lane);
    if (!lease) return;
    const hold = holdLease(ports, lease, askedAt);
    try {
      const handle = await store.open(runId);
      await handle.refresh();
      if (handle.state().unknown !== null || handle.state().outcome !== null)
        return await ports.dueAt(runId, lane, null, handle.seq());
      const inFlight = new Map<string, Promise<void>>();
      let dueWritten = false;
      for (;;) {
        hold.check();
        const before = handle.state();
        const seq = handle.seq();
        // The commit that ended the run has also written that nothing is due.
        if (before.outcome !== null && inFlight.size === 0 && !dueWritten) return;
        const decision = decide(handle.view(), ports.clock.now());
        if (decision.events.length > 0) {
          await handle.commit(() => [], { actor: 'mayday', lease });
          continue;
        }
        if (!stopping.signal.aborted)
          for (const id of decision.start[lane])
            if (!inFlight.has(id))
              inFlight.set(
                id,
                runStep(handle, id, lease, hold).finally(() => inFlight.delete(id)),
              );
        const next = decision.lookAt[lane];
        const inMs =
          next === null ? null : Math.max(0, (next.getTime() - ports.clock.now().getTime()) / ports.clock.speed);
        if (inFlight.size > 0) await wait(inMs, [...inFlight.values()]);
        else if (stopping.signal.aborted) return;
        else if (inMs !== null && inMs <= shortWaitMs) await wait(inMs, []);
        else {
          dueWritten = true;
          await ports.dueAt(runId, lane, next && new Date(ports.clock.wall().getTime() + inMs!), seq);
          // Whoever appended since the decision has said in the row when to look; that may be now.
          if ((await handle.refresh()) !== before) continue;
          return lookAgainIn(runId, lane, inMs);
        }
      }
    } finally {
      hold.end();
      await ports.leases.release(lease).catch(() => {});
    }
  };

  /** The row says when the run is due, for whichever process sweeps; the timer only makes this one punctual. */
  const lookAgainIn = (runId: string, lane: Lane, inMs: number | null): void => {
    if (inMs === null || inMs > 60_000) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      process(runId, lane).catch((error) => ports.log.error({ run: runId, lane }, messageOf(error)));
    }, inMs);
    timers.add(timer);
  };

  const runStep = async (handle: RunHandle, id: string, lease: Lease, hold: LeaseHold): Promise<void> => {
    const state = handle.view();
    const step = state.graph[id]!;
    try {
      const performed = await perform({
        ports,
        registry,
        state,
        step,
        signal: hold.signal,
        intend: async ({ seen, facts, before }) => {
          // Its state cannot tell: an intent from before a crash looks the same as this one.
          let intended: 'intended' | 'aborted' | 'paused' = 'intended';
          await handle.commit(
            (now) => {
              const isChange = step.effect === 'change';
              if (isChange && isCalledOff(now, step)) intended = 'aborted';
              else intended = isChange && now.paused ? 'paused' : 'intended';
              if (intended !== 'intended') return [];
              const data = { step: id, seen, facts: facts ?? undefined, before: before ?? undefined };
              return [{ type: 'step.acting', data }];
            },
            { actor: 'mayday', lease },
          );
          return intended;
        },
        beforeChange: async () => {
          await hold.renew();
          hold.check();
          return within(hold.signal, changePatienceMs);
        },
      });
      if ('lookAgainAt' in performed) handle.lookAgain(id, performed.lookAgainAt);
      else await handle.commit(() => performed.events, { actor: 'mayday', lease });
    } catch (error) {
      // The journal keeps the truth: what was not recorded is looked at again by whoever comes next.
      ports.log.error({ run: handle.id, step: id }, messageOf(error));
      hold.giveUp(error);
    }
  };

  return {
    process,
    offer(runId, lane) {
      if (stopping.signal.aborted || (active.size >= mostLanes && !active.has(`${runId} ${lane}`))) return false;
      process(runId, lane).catch((error) => ports.log.error({ run: runId, lane }, messageOf(error)));
      return true;
    },
    async stop(patienceMs) {
      stopping.abort();
      for (const timer of timers) clearTimeout(timer);
      await Promise.race([
        Promise.allSettled(
          [...active.values()].map(({ done, nudge }) => {
            nudge();
            return done;
          }),
        ),
        new Promise((resolve) => setTimeout(resolve, patienceMs).unref()),
      ]);
    },
  };
};

/** A person has aborted the run, or the taking back; what an abort takes back still goes on. */
const isCalledOff = (state: RunState, step: Step): boolean =>
  step.undoes === undefined ? state.aborted !== null || state.unwinding !== null : state.unwindingStopped;

interface LeaseHold {
  signal: AbortSignal;
  /** Throws when the lease was lost or given up. */
  check(): void;
  renew(): Promise<void>;
  giveUp(error: unknown): void;
  end(): void;
}

/** A change may be under way no longer than this after the last renewal was asked for: within the term of 3 s. */
const renewalPatienceMs = 2_500;

const holdLease = (ports: EnginePorts, lease: Lease, askedAt: number): LeaseHold => {
  const lost = new AbortController();
  let heldSince = askedAt;
  let deadline: NodeJS.Timeout | undefined;
  let why: unknown;
  const giveUp = (error: unknown) => {
    why ??= error;
    lost.abort(error);
  };
  const tooLate = () =>
    giveUp(new MaydayError('lease/lost', 'The lease could not be renewed in time, so this worker let go of the run.'));
  const holdFrom = (since: number) => {
    heldSince = Math.max(heldSince, since);
    clearTimeout(deadline);
    deadline = setTimeout(tooLate, heldSince + renewalPatienceMs - performance.now());
  };
  const renew = async () => {
    const sentAt = performance.now();
    if (await ports.leases.renew(lease)) holdFrom(sentAt);
    else giveUp(new MaydayError('lease/lost', 'Another worker has taken this run over.'));
  };
  const timer = setInterval(() => void renew().catch(() => {}), 1_000);
  holdFrom(askedAt);
  return {
    signal: lost.signal,
    check() {
      // A process that was stopped for a while comes here before its timers do.
      if (performance.now() - heldSince > renewalPatienceMs) tooLate();
      if (why !== undefined) throw why;
    },
    renew,
    giveUp,
    end() {
      clearInterval(timer);
      clearTimeout(deadline);
    },
  };
};
