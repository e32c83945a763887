import { sha256 } from '../canonical.ts';
import { MaydayError } from '../errors.ts';
import { type IncidentEvent, incidentAfter, incidentRow } from '../incident/incident.ts';
import type { RunCreated } from './events.ts';
import type { EnginePorts, IncidentRow } from './ports.ts';
import { incidentStream, lanes, type RunStore, runRow, runStream, settle } from './run-store.ts';
import type { RunState } from './state.ts';

export interface StartRun {
  created: RunCreated;
  actor: string;
  /** What happens to the incident together with the run: declared, updated, resolved. */
  incidentEvents?: IncidentEvent[];
}

const noHead = { seq: 0, hash: '0'.repeat(64) };

/** A run's id follows from the request that asks for it, so that a request handled twice starts one run. */
export const runIdFor = (requestKey: string): string => {
  const alphabet = '23456789abcdefghjkmnpqrstuvwxyz';
  const digest = BigInt(`0x${sha256(`run ${requestKey}`).slice(0, 20)}`);
  let id = '';
  for (let rest = digest; id.length < 8; rest /= BigInt(alphabet.length))
    id += alphabet[Number(rest % BigInt(alphabet.length))];
  return `r-${id}`;
};

/**
 * Makes a run durable, with its claims and, if asked, its incident, in one transaction. Returns the state and whether
 * it is new. Throws `claim/held` naming the holder: then nothing was started.
 */
export const startRun = async (
  ports: EnginePorts,
  store: RunStore,
  request: StartRun,
): Promise<{ state: RunState; isNew: boolean }> => {
  const { created, actor } = request;
  const now = ports.clock.now();
  const { state, events, lookAt } = settle(null, [{ type: 'run.created', data: created }], now, actor, 0);
  for (let attempt = 0; ; attempt += 1)
    try {
      const incident = await incidentAppend(ports, request, now);
      const heads = await ports.journal.append(
        [{ stream: runStream(created.run), expected: noHead, events }, ...incident.appends],
        {
          claim: created.graph.claims.length > 0 ? { runId: created.run, resources: created.graph.claims } : undefined,
          runs: [runRow(state, lookAt, ports)],
          incidents: incident.rows,
        },
      );
      store.adopt(state, heads[runStream(created.run)]!);
      ports.changed(state);
      for (const lane of lanes) if (lookAt[lane] !== null) ports.wake(created.run, lane);
      return { state, isNew: true };
    } catch (error) {
      if (!(error instanceof MaydayError) || !['journal/conflict', 'journal/unavailable'].includes(error.code))
        throw error;
      // The same request came before, or its commit's answer was lost: the journal knows.
      const existing = await store.open(created.run).catch(() => undefined);
      if (existing) return { state: await existing.refresh(), isNew: false };
      // Else a step or another run spoke of the same incident first: say it after them.
      if (error.code !== 'journal/conflict' || attempt >= 20) throw error;
    }
};

/** What the run's start says of its incident, behind everything that was said of it before. */
const incidentAppend = async (
  ports: EnginePorts,
  { created, actor, incidentEvents = [] }: StartRun,
  now: Date,
): Promise<{ appends: Parameters<EnginePorts['journal']['append']>[0]; rows?: IncidentRow[] }> => {
  if (incidentEvents.length === 0) return { appends: [] };
  const stream = incidentStream(created.incident);
  const told = incidentEvents.map((event) => ({
    type: event.type,
    version: 1,
    actor,
    data: { at: now.toISOString(), event: event.data },
  }));
  const before = told[0]!.type === 'incident.declared' ? [] : await ports.journal.read(stream);
  const last = before.at(-1);
  const after = incidentAfter([...before, ...told]);
  return {
    appends: [{ stream, expected: last ? { seq: last.seq, hash: last.hash } : noHead, events: told }],
    rows: after ? [incidentRow(created.incident, after)] : undefined,
  };
};
