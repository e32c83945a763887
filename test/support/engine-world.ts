import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { canonical, sha256 } from '../../src/canonical.ts';
import {
  type Action,
  type Answer,
  type Clock,
  defineAction,
  defineCheck,
  type Json,
  type Lane,
  type Log,
  type Unwind,
} from '../../src/define.ts';
import type { RunCreated } from '../../src/engine/events.ts';
import type { EnginePorts, LossReading } from '../../src/engine/ports.ts';
import { createRunStore, lanes, type RunStore, runStream } from '../../src/engine/run-store.ts';
import { startRun } from '../../src/engine/start-run.ts';
import type { RunState } from '../../src/engine/state.ts';
import { createWorker, type Worker } from '../../src/engine/worker.ts';
import { MaydayError } from '../../src/errors.ts';
import type { Database } from '../../src/journal/database.ts';
import { createDueTimes } from '../../src/journal/due-times.ts';
import { createJournal } from '../../src/journal/journal.ts';
import { createLeases } from '../../src/journal/leases.ts';
import { openWorldClock } from '../../src/journal/world-clock.ts';
import { type Graph, type Step, undoIdOf } from '../../src/plan/graph.ts';
import { createRegistry, type Registry } from '../../src/plan/registry.ts';

/** What happens to one call that changes something: with the change made or not, and what the caller hears of it. */
export type Fate =
  | 'ok'
  /** Made, but the answer is lost. */
  | 'lost-after'
  /** Never made, and no answer. */
  | 'lost-before'
  | 'refused'
  | 'throttled'
  /** Accepted; the effect shows some world seconds later. */
  | { slowSeconds: number }
  /** Made; the caller hears nothing until its deadline. */
  | 'hangs';

/** A small world with things that have a value, which counts what was really changed in it. */
export interface World {
  values: Map<string, string>;
  /** Accepted changes, in order. */
  accepted: string[];
  /** Every call that reached the service, accepted or not. */
  calls: string[];
  looks: string[];
  /** What happens to the next calls for a thing; `ok` after them. */
  fates: Map<string, Fate[]>;
  answers: Map<string, Answer>;
  /** Passed right before a worker proves that it still holds the run. */
  gate(thing: string): Promise<void>;
  /** Called with the thing when a call hangs. */
  onHang(thing: string): void;
  registry: Registry;
}

const target = z.strictObject({ thing: z.string(), value: z.string(), with: z.any().optional() });

export const createWorld = (clock: () => Clock): World => {
  const visibleAt = new Map<string, { at: number; value: string }>();
  const answered = (answer: Answer | undefined): Answer =>
    answer ?? { answer: 'yes', because: 'nothing speaks against it' };
  const world: Omit<World, 'registry'> & { registry?: Registry } = {
    values: new Map(),
    accepted: [],
    calls: [],
    looks: [],
    fates: new Map(),
    answers: new Map(),
    gate: async () => {},
    onHang() {},
  };
  const readValue = (thing: string): string | undefined => {
    const coming = visibleAt.get(thing);
    if (coming && clock().now().getTime() >= coming.at) {
      world.values.set(thing, coming.value);
      visibleAt.delete(thing);
    }
    return world.values.get(thing);
  };
  const change = async (thing: string, value: string, signal: AbortSignal): Promise<void> => {
    const fate = world.fates.get(thing)?.shift() ?? 'ok';
    world.calls.push(thing);
    const made = () => {
      world.accepted.push(thing);
      world.values.set(thing, value);
    };
    if (fate === 'refused') throw new MaydayError('system/refused', 'it said no');
    if (fate === 'throttled') throw new MaydayError('system/throttled', 'not so fast');
    if (fate === 'lost-before') throw new MaydayError('system/unknown', 'no answer');
    if (typeof fate === 'object') {
      world.accepted.push(thing);
      visibleAt.set(thing, { at: clock().now().getTime() + fate.slowSeconds * 1000, value });
      return;
    }
    made();
    if (fate === 'lost-after') throw new MaydayError('system/unknown', 'no answer');
    if (fate === 'hangs') {
      world.onHang(thing);
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new MaydayError('system/unknown', 'no answer in time'))),
      );
    }
  };
  const action = (
    name: string,
    repeat: Action['repeat'],
    effect: Action['effect'],
    answers: boolean,
    reversible: Action['reversible'] = { no: 'it is a test' },
  ) =>
    defineAction({
      name,
      version: 1,
      summary: name,
      effect,
      with: target,
      resolve: (written) => written,
      input: target,
      targets: ['thing'],
      output: z.strictObject({ value: z.string() }),
      resources: ({ thing }) => [`world:${thing}`],
      changes: ['world:Set'],
      permissions: () => [],
      expectedSeconds: 5,
      longestSeconds: 300,
      repeat,
      reversible,
      async observe({ thing, value }) {
        world.looks.push(thing);
        const now = readValue(thing);
        if (now === 'silent') return { state: 'unreachable', seen: `${thing} does not answer` };
        if (now === value) return { state: 'done', seen: `${thing} is ${value}`, output: { value } };
        if (now === 'broken') return { state: 'impossible', seen: `${thing} is broken` };
        return { state: 'todo', seen: `${thing} is ${now ?? 'not set'}` };
      },
      async act({ thing, value }, context) {
        await world.gate(thing);
        const signal = await context.beforeChange();
        await change(thing, value, signal);
        return answers ? { output: { value }, seen: 'said' } : undefined;
      },
      preview: async ({ thing, value }) => [{ resource: thing, now: readValue(thing) ?? 'not set', then: value }],
      command: ({ thing, value }) => `set ${thing} ${value}`,
    });
  const says = defineCheck({
    name: 'world/says',
    version: 1,
    summary: 'Ask a thing',
    with: z.strictObject({ thing: z.string() }),
    resolve: (written) => written,
    input: z.strictObject({ thing: z.string() }),
    facts: { value: 'string' },
    permissions: () => [],
    expectedSeconds: 1,
    async ask({ thing }) {
      world.looks.push(thing);
      if (world.answers.get(thing)?.because === 'throws') throw new Error('the check is broken');
      return answered(world.answers.get(thing));
    },
    command: ({ thing }) => `ask ${thing}`,
  });
  world.registry = createRegistry([
    {
      name: 'world',
      actions: [
        action('world/set', 'by-look', 'change', false),
        action('world/turn', 'by-look', 'change', false, {
          undo: 'turn it back',
          before: async ({ thing }) => ({ value: readValue(thing) ?? null }),
          async observe({ thing, value }, before) {
            world.looks.push(thing);
            const wanted = (before as { value: string | null }).value ?? 'off';
            const now = readValue(thing) ?? 'off';
            if (now === wanted) return { state: 'done', seen: `${thing} is ${wanted} again`, output: {} };
            if (now === value) return { state: 'todo', seen: `${thing} is ${now}` };
            return { state: 'impossible', seen: `somebody made ${thing} ${now}` };
          },
          async act({ thing }, before, context) {
            const signal = await context.beforeChange();
            await change(thing, (before as { value: string | null }).value ?? 'off', signal);
            return undefined;
          },
        }),
        action('world/once', 'once', 'change', false),
        action('world/keyed', 'by-key', 'change', true),
        action('world/tell', 'by-key', 'notice', true),
      ],
      checks: [says],
      kinds: [],
      close: async () => {},
    },
  ]);
  return world as World;
};

/** A step of a frozen graph, with everything that a test does not speak of at its plainest. */
export const step = (id: string, more: Partial<Step> = {}): Step => {
  const uses = more.uses ?? 'world/set';
  const effect =
    uses === 'world/tell' ? 'notice' : uses.startsWith('world/') && uses !== 'world/says' ? 'change' : 'read';
  return {
    id,
    title: id,
    phase: 'execute',
    lane: effect === 'notice' ? 'tell' : 'recover',
    kind: uses.startsWith('engine/') ? 'engine' : uses === 'world/says' ? 'check' : 'action',
    uses,
    version: 1,
    effect,
    input: uses === 'world/says' ? { thing: id } : { thing: id, value: 'on' },
    needs: [],
    after: [],
    require: [],
    unless: null,
    withinSeconds: null,
    timeoutSeconds: 300,
    expectedSeconds: 5,
    onHalt: false,
    optional: effect === 'notice',
    informative: false,
    onFailure: false,
    record: null,
    resources: effect === 'change' ? [`world:${id}`] : [],
    changes: [],
    ...more,
  };
};

export const approvalStep = (id = 'approve', more: Record<string, Json> = {}): Step =>
  step(id, {
    uses: 'engine/approval',
    lane: 'look',
    phase: 'approve',
    input: {
      name: 'always',
      slots: [{ name: 'on-call', people: [], live: null, offline: [] }],
      requesterCounts: false,
      typedWord: null,
      expiresSeconds: 900,
      tell: [],
      ...more,
    },
  });

/** What `freeze` adds for a step that can be taken back. */
export const undoStep = (of: Step, after: string[] = []): Step => ({
  ...of,
  id: undoIdOf(of.id),
  phase: 'unwind',
  kind: 'undo',
  undoes: of.id,
  needs: [],
  after: [of.id, ...after.map(undoIdOf)],
});

export const graphOf = (steps: Step[], claims: string[] = [], unwind: Unwind[] = []): Graph => {
  const graph = {
    plan: 'orchard',
    title: 'Orchard',
    account: null,
    planDigest: 'digest',
    flow: 'failover',
    scope: 'crates',
    from: 'north',
    to: 'south',
    regions: {},
    arguments: {},
    objectives: { rtoSeconds: 3600, rpoSeconds: 60 },
    targetSeconds: null,
    steps,
    ...(unwind.length > 0 && { unwind }),
    claims,
  };
  return { ...graph, hash: sha256(canonical(graph)) };
};

export const createdOf = (graph: Graph, run = `r-${randomBytes(6).toString('hex')}`): RunCreated => ({
  run,
  incident: `i-${run.slice(2)}`,
  graph,
  requester: { person: 'UREQUESTER', name: 'Rita', team: 'T1' },
  reason: 'a storm',
  severity: 'P1',
  requestedAt: '2026-03-01T12:00:00.000Z',
  lastSeenAliveAt: null,
});

/** One bot process: its own connections, store and worker, woken by a sweep and, unless switched off, by itself. */
export interface BotProcess {
  ports: EnginePorts;
  store: RunStore;
  worker: Worker;
  start(steps: Step[], claims?: string[], unwind?: Unwind[]): Promise<RunState>;
  /** The run's state once it has ended or nothing is left to do without a human. */
  untilQuiet(runId: string): Promise<RunState>;
  stop(): Promise<void>;
}

const log: Log = { info() {}, warn() {}, error() {} };

export const startBot = async (
  database: Database,
  registry: Registry,
  options: { speed?: number; wakes?: boolean; sweepMs?: number; readLoss?: () => Promise<LossReading> } = {},
): Promise<BotProcess> => {
  const speed = options.speed ?? 60;
  const start = { wallStart: new Date().toISOString(), worldStart: '2026-03-01T12:00:00Z', speed };
  const clock = await openWorldClock(database.pool, start);
  let stopped = false;
  const look = (runId: string, lane: Lane) => {
    if (!stopped) worker.process(runId, lane).catch(() => {});
  };
  const ports: EnginePorts = {
    journal: createJournal(database.pool, () => clock.wall()),
    leases: createLeases(database),
    clock,
    log,
    wake: (runId, lane) => void (options.wakes !== false && setImmediate(() => look(runId, lane))),
    dueAt: createDueTimes(database.pool),
    render: async () => '',
    facts: () => ({}),
    whoIs: async () => [],
    readLoss:
      options.readLoss ??
      (async () => {
        throw new Error('nothing tells the loss');
      }),
    failingSince: async () => null,
    changed() {},
  };
  const store = createRunStore(ports);
  const worker = createWorker(ports, registry, store);
  const sweep = setInterval(async () => {
    const due = lanes.map(
      (lane) => `SELECT id, '${lane}' AS lane FROM runs WHERE look_${lane}_at <= clock_timestamp()`,
    );
    const { rows } = await database.pool.query(due.join(' UNION ALL ')).catch(() => ({ rows: [] }));
    for (const { id, lane } of rows) look(id, lane);
  }, options.sweepMs ?? 100);
  return {
    ports,
    store,
    worker,
    async start(steps, claims = [], unwind = []) {
      const created = createdOf(graphOf(steps, claims, unwind));
      return (await startRun(ports, store, { created, actor: 'slack:UREQUESTER' })).state;
    },
    async untilQuiet(runId) {
      const handle = await store.open(runId);
      for (;;) {
        const state = await handle.refresh();
        if (state.outcome !== null || state.unknown !== null) return state;
        const busy = Object.entries(state.steps).some(
          ([id, { state: phase }]) =>
            ['looking', 'acting'].includes(phase) ||
            (phase === 'waiting' && state.graph[id]!.uses !== 'engine/approval'),
        );
        if (!busy) return state;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async stop() {
      stopped = true;
      clearInterval(sweep);
      await worker.stop(2_000);
    },
  };
};

/** The events of a run as the journal holds them. */
export const eventsOf = async (
  bot: BotProcess,
  runId: string,
): Promise<{ type: string; data: any; seq: number; at: string; actor: string; version: number }[]> =>
  (await bot.ports.journal.read(runStream(runId))).map(({ type, data, seq, actor, version }) => ({
    type,
    data: data.event,
    at: data.at,
    seq,
    actor,
    version,
  }));
