import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { defineAction } from '../src/define.ts';
import type { EnginePorts } from '../src/engine/ports.ts';
import { createRunStore, lanes } from '../src/engine/run-store.ts';
import { runIdFor, startRun } from '../src/engine/start-run.ts';
import type { RunState } from '../src/engine/state.ts';
import { createWorker } from '../src/engine/worker.ts';
import { type Database, openDatabase } from '../src/journal/database.ts';
import { createJournal } from '../src/journal/journal.ts';
import { createLeases } from '../src/journal/leases.ts';
import { openWorldClock } from '../src/journal/world-clock.ts';
import type { Graph, Step } from '../src/plan/graph.ts';
import { createRegistry } from '../src/plan/registry.ts';
import { openQueue } from '../src/queue/queue.ts';

const log = { info() {}, warn() {}, error: console.error };
const poolSize = 12;

/** Finds at its first look that there is nothing to do: what remains is journal, queue and engine. */
const nothing = defineAction({
  name: 'bench/nothing',
  version: 1,
  summary: 'Do nothing',
  effect: 'read',
  with: z.strictObject({}),
  resolve: (written) => written,
  input: z.strictObject({}),
  targets: [],
  output: z.strictObject({}),
  resources: () => [],
  changes: [],
  permissions: () => [],
  expectedSeconds: 0,
  longestSeconds: 60,
  repeat: 'by-look',
  reversible: { no: 'nothing was done' },
  observe: async () => ({ state: 'done', seen: 'nothing to do', output: {} }),
  act: async () => undefined,
  preview: async () => [],
  command: () => 'true',
});

/** Mayday's journal, queue and worker with nothing around them, swept each second as the bot does it. */
export interface BenchEngine {
  database: Database;
  /** Plays one run from its start to its end. Throws when it does not succeed. */
  play(graph: Graph): Promise<RunState>;
  close(): Promise<void>;
}

export const openEngine = async (databaseUrl: string): Promise<BenchEngine> => {
  const database = await openDatabase(databaseUrl, { poolSize });
  const clock = await openWorldClock(database.pool);
  const queue = await openQueue({ databaseUrl }, log);
  const waiting = new Map<string, (state: RunState) => void>();
  const ports: EnginePorts = {
    journal: createJournal(database.pool, () => clock.wall()),
    leases: createLeases(database),
    clock,
    log,
    wake: (runId, lane) => worker.offer(runId, lane) || queue.wake(runId, lane, 'bench'),
    async dueAt(runId, lane, at) {
      await database.pool.query(`UPDATE runs SET look_${lane}_at = $2 WHERE id = $1`, [runId, at]);
    },
    render: async () => '',
    facts: () => ({}),
    whoIs: async () => [],
    readLoss: () => Promise.reject(new Error('Nothing is lost here.')),
    failingSince: async () => null,
    changed(state) {
      if (state.outcome !== null) waiting.get(state.created.run)?.(state);
    },
  };
  const store = createRunStore(ports);
  const registry = createRegistry([
    { name: 'bench', actions: [nothing], checks: [], kinds: [], close: async () => {} },
  ]);
  const worker = createWorker(ports, registry, store);
  await queue.work(lanes, (runId, lane) => worker.process(runId, lane));
  const sweep = setInterval(async () => {
    const { rows } = await database.pool.query(
      `${lanes.map((lane) => `SELECT id, '${lane}' AS lane FROM runs WHERE look_${lane}_at <= clock_timestamp()`).join(' UNION ALL ')} LIMIT 500`,
    );
    for (const { id, lane } of rows) worker.process(id, lane).catch((error) => log.error(error));
  }, 1_000);

  return {
    database,
    async play(graph) {
      const run = runIdFor(randomUUID());
      const ended = new Promise<RunState>((resolve) => waiting.set(run, resolve));
      const created = {
        run,
        incident: `i-${run}`,
        graph,
        requester: { person: 'U0BENCH01', name: 'Bench', team: 'T0BENCH01' },
        reason: 'bench',
        severity: 'P4',
        requestedAt: clock.now().toISOString(),
        lastSeenAliveAt: null,
      };
      await startRun(ports, store, { created, actor: 'bench' });
      const state = await ended;
      waiting.delete(run);
      if (state.outcome !== 'succeeded') throw new Error(`Run ${run} ended as ${state.outcome}.`);
      return state;
    },
    async close() {
      clearInterval(sweep);
      await worker.stop(2_000);
      await queue.close();
      await database.close();
    },
  };
};

/** The step of that place in a chain; each needs the one before it. */
export const chainStep = (index: number): Step => ({
  id: `step-${index}`,
  title: `Step ${index}`,
  phase: 'execute',
  lane: 'recover',
  kind: 'action',
  uses: nothing.name,
  version: nothing.version,
  effect: 'read',
  input: {},
  needs: index === 0 ? [] : [`step-${index - 1}`],
  after: [],
  require: [],
  unless: null,
  withinSeconds: null,
  timeoutSeconds: 60,
  expectedSeconds: 0,
  onHalt: false,
  optional: false,
  informative: false,
  onFailure: false,
  record: null,
  resources: [],
  changes: [],
});

/** A graph of those steps, which claims nothing. */
export const graphOf = (steps: Step[]): Graph => ({
  plan: 'bench',
  title: 'Bench',
  account: null,
  planDigest: '',
  flow: 'bench',
  scope: 'all',
  from: null,
  to: null,
  regions: {},
  arguments: null,
  objectives: { rtoSeconds: 60, rpoSeconds: 60 },
  targetSeconds: null,
  steps,
  claims: [],
  hash: 'bench',
});
