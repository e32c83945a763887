import { canonical } from '../canonical.ts';
import type { Lane } from '../define.ts';
import { MaydayError } from '../errors.ts';
import { incidentAfter, incidentRow } from '../incident/incident.ts';
import { type Decision, decide } from './decide.ts';
import { eventVersion, type RecordedEvent, type RunEvent } from './events.ts';
import { evolve } from './evolve.ts';
import type { EnginePorts, Head, IncidentRow, Lease, RunRow, StoredEvent } from './ports.ts';
import type { RunState } from './state.ts';

export const lanes: readonly Lane[] = ['recover', 'tell', 'look'];

/** One run in this process: its state as far as it was read, and the only way to append to it. */
export interface RunHandle {
  readonly id: string;
  /** Brings the state up to what the journal holds. */
  refresh(): Promise<RunState>;
  state(): RunState;
  /** Where in the journal that state stands. */
  seq(): number;
  /** When to look again at a waiting step; kept here and in the row, not in the journal. */
  lookAgain(step: string, at: Date): void;
  /** The state with those times in it: what `decide` is given. */
  view(): RunState;
  /**
   * Appends what `make` returns for the newest state, together with everything that follows from it, in one
   * transaction; somebody else's append in between means reading again and asking `make` again. Returns the new state.
   */
  commit(make: (state: RunState) => RunEvent[], by: { actor: string; lease?: Lease }): Promise<RunState>;
}

export interface RunStore {
  open(runId: string): Promise<RunHandle>;
  /** Takes a run that has just been created into this store. */
  adopt(state: RunState, head: Head): RunHandle;
  forget(runId: string): void;
}

export const runStream = (runId: string): string => `run:${runId}`;
export const incidentStream = (incidentId: string): string => `incident:${incidentId}`;

export const createRunStore = (ports: EnginePorts): RunStore => {
  const handles = new Map<string, RunHandle>();
  const keep = (handle: RunHandle): RunHandle => {
    handles.set(handle.id, handle);
    // Old finished runs leave first; a run that is looked at again is simply read again.
    if (handles.size > 2_000)
      for (const [id, old] of handles) if (handles.size > 1_500 && old.state().outcome !== null) handles.delete(id);
    return handle;
  };
  return {
    async open(runId) {
      const known = handles.get(runId);
      if (known) return known;
      const handle = createHandle(runId, ports, null, { seq: 0, hash: '' });
      await handle.refresh();
      return handles.get(runId) ?? keep(handle);
    },
    adopt: (state, head) => keep(createHandle(state.created.run, ports, state, head)),
    forget: (runId) => void handles.delete(runId),
  };
};

const createHandle = (runId: string, ports: EnginePorts, initial: RunState | null, initialHead: Head): RunHandle => {
  let state = initial;
  let head = initialHead;
  let queue: Promise<unknown> = Promise.resolve();
  const lookTimes = new Map<string, Date>();

  const serially = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work, work);
    queue = result.catch(() => {});
    return result;
  };

  const known = (): RunState => {
    if (!state)
      throw new MaydayError(
        'run/not-found',
        `There is no run "${runId}". Nothing was changed. List the runs with /dr run or \`mayday run list\`.`,
      );
    return state;
  };

  const read = async (): Promise<StoredEvent[]> => {
    const rows = await ports.journal.read(runStream(runId), head.seq);
    for (const stored of rows) {
      if (stored.data.erased) {
        if (!state) throw erasedRun(runId);
        state = { ...state, unknown: `The data of a ${stored.type} were erased.` };
        head = { seq: stored.seq, hash: stored.hash };
        continue;
      }
      const recorded = {
        type: stored.type,
        data: stored.data.event,
        seq: stored.seq,
        at: stored.data.at,
        actor: stored.actor,
      } as RecordedEvent;
      state = evolve(state, recorded, stored.version);
      head = { seq: stored.seq, hash: stored.hash };
    }
    known();
    return rows;
  };

  const withLookTimes = (current: RunState): RunState => {
    let steps = current.steps;
    for (const [id, at] of lookTimes) {
      const step = steps[id];
      if (step?.state !== 'waiting') lookTimes.delete(id);
      else steps = { ...steps, [id]: { ...step, lookAt: at.toISOString() } };
    }
    return steps === current.steps ? current : { ...current, steps };
  };

  return {
    id: runId,
    refresh: () => serially(async () => read().then(known)),
    state: known,
    seq: () => head.seq,
    view: () => withLookTimes(known()),
    lookAgain: (step, at) => void lookTimes.set(step, at),
    commit: (make, by) =>
      serially(async () => {
        for (let attempt = 0; ; attempt += 1) {
          const before = known();
          const now = ports.clock.now();
          const events = make(before);
          for (const event of events) if ('step' in event.data) lookTimes.delete(event.data.step as string);
          // Folded from the journal's state alone: the times to look again stay beside it.
          const after = settle(before, events, now, by.actor, head.seq);
          if (after.events.length === 0) return before;
          const done = (): RunState => {
            ports.changed(known());
            // The lease's own lane needs nobody: its holder is at work and decides again after this.
            for (const lane of lanes) if (after.started.has(lane) && lane !== by.lease?.lane) ports.wake(runId, lane);
            return known();
          };
          try {
            const lookAt = lookTimes.size === 0 ? after.lookAt : dueTimes(decide(withLookTimes(after.state), now), now);
            const row = runRow(after.state, lookAt, ports);
            const incident = await incidentChange(ports, before, after, by.actor);
            const heads = await ports.journal.append(
              [{ stream: runStream(runId), expected: head, events: after.events }, ...incident.appends],
              {
                fence: by.lease && { runId: by.lease.runId, lane: by.lease.lane, epoch: by.lease.epoch },
                releaseClaimsOf: after.state.outcome === null ? undefined : runId,
                runs: [row],
                incidents: incident.rows,
              },
            );
            head = heads[runStream(runId)]!;
            state = after.state;
            return done();
          } catch (error) {
            if (!(error instanceof MaydayError) || error.code === 'lease/lost') throw error;
            // A conflict, or a commit whose answer was lost: what the journal says now decides, never a blind repeat.
            const rows = await read();
            if (error.code === 'journal/unavailable' && areOurs(rows, after.events)) return done();
            if (attempt >= 20 || (error.code !== 'journal/conflict' && error.code !== 'journal/unavailable'))
              throw error;
            if (error.code === 'journal/unavailable' && attempt >= 2) throw error;
          }
        }
      }),
  };
};

const erasedRun = (runId: string): MaydayError =>
  new MaydayError(
    'run/wrong-state',
    `How run ${runId} began was erased, so that it cannot be read or gone on with. Nothing was changed. What is left stands in the audit trail: \`mayday audit search --run ${runId}\`.`,
  );

/** After a commit whose answer was lost: whether the rows that came are the ones that were sent. */
const areOurs = (rows: readonly StoredEvent[], sent: Settled['events']): boolean =>
  rows.length > 0 &&
  sent.every((event, i) => rows[i]?.type === event.type && canonical(rows[i]?.data) === canonical(event.data));

export interface Settled {
  state: RunState;
  events: { type: string; version: number; actor: string; data: object }[];
  started: Set<Lane>;
  lookAt: Record<Lane, Date | null>;
}

/** Applies events and everything that `decide` says follows from them, to the fixed point. */
export const settle = (start: RunState | null, given: RunEvent[], now: Date, actor: string, seq: number): Settled => {
  let state = start;
  const events: Settled['events'] = [];
  const started = new Set<Lane>();
  let next: { event: RunEvent; actor: string }[] = given.map((event) => ({ event, actor }));
  for (;;) {
    for (const { event, actor: who } of next) {
      const at = now.toISOString();
      state = evolve(state, { ...event, seq: seq + events.length + 1, at, actor: who } as RecordedEvent);
      events.push({ type: event.type, version: eventVersion, actor: who, data: { at, event: event.data } });
      if (event.type === 'step.started') started.add(state.graph[event.data.step]!.lane);
    }
    if (!state) throw new Error('A run that was never created cannot go on.');
    const decision = decide(state, now);
    if (decision.events.length === 0) return { state, events, started, lookAt: dueTimes(decision, now) };
    next = decision.events.map((event) => ({ event, actor: 'mayday' }));
  }
};

/** World time at which each lane has something to look at. */
const dueTimes = ({ start, lookAt }: Decision, now: Date): Record<Lane, Date | null> =>
  Object.fromEntries(lanes.map((lane) => [lane, start[lane].length > 0 ? now : lookAt[lane]])) as Record<
    Lane,
    Date | null
  >;

/** Steps under way are due a little later than now, so that the sweep disturbs nobody who is at work. */
const graceMs = 1_000;

export const runRow = (state: RunState, lookAt: Record<Lane, Date | null>, ports: EnginePorts): RunRow => {
  const { created } = state;
  const wall = (lane: Lane): string | null => {
    const at = lookAt[lane];
    if (at === null || state.outcome !== null) return null;
    const soonMs = Math.max(graceMs, (at.getTime() - ports.clock.now().getTime()) / ports.clock.speed);
    return new Date(ports.clock.wall().getTime() + soonMs).toISOString();
  };
  return {
    id: created.run,
    incident: created.incident,
    plan: created.graph.plan,
    flow: created.graph.flow,
    scope: created.graph.scope,
    status: statusOf(state),
    outcome: state.outcome,
    requester: created.requester.person,
    created_at: state.createdAt,
    finished_at: state.finishedAt,
    look_recover_at: wall('recover'),
    look_tell_at: wall('tell'),
    look_look_at: wall('look'),
  };
};

export const statusOf = (state: RunState): string => {
  if (state.unknown !== null) return 'needs a human';
  if (state.outcome !== null) return state.outcome;
  if (state.haltedAt !== null) return 'halted';
  if (state.unwinding !== null) return 'unwinding';
  if (state.paused !== null) return 'paused';
  return Object.keys(state.approvals).some((id) => state.steps[id]?.state === 'waiting')
    ? 'waiting for approval'
    : 'running';
};

/** What a run's progress means for its incident: facts that steps record, and its end for incidents that end with it. */
const incidentChange = async (
  ports: EnginePorts,
  before: RunState,
  after: Settled,
  actor: string,
): Promise<{ appends: { stream: string; expected: Head; events: any[] }[]; rows?: IncidentRow[] }> => {
  const facts: Record<string, string> = {};
  for (const step of before.created.graph.steps) {
    const now = after.state.steps[step.id]!;
    if (!step.record || now.state !== 'succeeded' || before.steps[step.id]!.state === 'succeeded') continue;
    const value = (now.output as Record<string, unknown> | null)?.[step.record.from];
    if (typeof value === 'string') facts[step.record.name] = value;
  }
  if (Object.keys(facts).length === 0) return { appends: [] };
  const stream = incidentStream(before.created.incident);
  const stored = await ports.journal.read(stream);
  const last = stored.at(-1);
  const event = {
    type: 'incident.recorded',
    version: 1,
    actor,
    data: { at: ports.clock.now().toISOString(), event: { facts } },
  };
  const row = incidentAfter([...stored, event]);
  return {
    appends: [
      {
        stream,
        expected: last ? { seq: last.seq, hash: last.hash } : { seq: 0, hash: '0'.repeat(64) },
        events: [event],
      },
    ],
    rows: row ? [incidentRow(before.created.incident, row)] : undefined,
  };
};
