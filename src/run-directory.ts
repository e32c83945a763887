import type pg from 'pg';
import type { IncidentDirectory, RunDirectory } from './define.ts';
import type { Assessment } from './engine/assess.ts';
import type { RunStore } from './engine/run-store.ts';
import type { RunState, StepState } from './engine/state.ts';
import { summarise } from './engine/summary.ts';
import { sayDuration } from './plan/duration.ts';
import { type Step, workingEngineSteps } from './plan/graph.ts';

/** Flows whose answer is what they saw, and not how they went. */
const looks = new Set(['status', 'check', 'assess']);

/** Runs as people ask for them. `control` is the chat's, which knows who may. */
export const createRunDirectory = (pool: pg.Pool, store: RunStore): Omit<RunDirectory, 'control'> => {
  const stateOf = async (runId: string): Promise<RunState> => (await store.open(runId)).refresh();
  return {
    async list() {
      const { rows } = await pool.query(
        `SELECT id, plan, flow, scope, status, created_at AS "createdAt" FROM runs
         ORDER BY (finished_at IS NULL) DESC, created_at DESC LIMIT 20`,
      );
      return rows.map((row) => ({ ...row, createdAt: row.createdAt.toISOString() }));
    },
    async describe(runId) {
      return describeRun(await stateOf(runId));
    },
    async proposal(runId) {
      const state = await stateOf(runId);
      const { proposal, verdict } = assessmentOf(state) ?? { proposal: null, verdict: '' };
      return (
        proposal && { plan: state.created.graph.plan, flow: proposal.flow, scope: proposal.scope, because: verdict }
      );
    },
    async result(runId, patienceSeconds) {
      const until = performance.now() + patienceSeconds * 1000;
      let state = await stateOf(runId);
      while (state.outcome === null && performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        state = await stateOf(runId);
      }
      return describeRun(state);
    },
  };
};

/** Several lines: where it stands, what happened, what was and was not touched. The first line is the summary. */
export const describeRun = (state: RunState): string => {
  const { created } = state;
  const { graph } = created;
  const summary = summarise(state);
  const places = graph.from && graph.to ? `, ${graph.from} → ${graph.to}` : graph.to ? `, ${graph.to}` : '';
  const lines = [
    `Run ${created.run}: ${graph.flow} of ${graph.scope} of ${graph.title}${places}: ${summary.standing} (${summary.done} of ${summary.total} steps), asked for by ${created.requester.name}.`,
  ];
  const timed = summary.phases.filter(({ seconds }) => seconds !== null);
  if (!looks.has(graph.flow) && timed.length > 0)
    lines.push(
      `Time: ${timed.map(({ name, seconds }) => `${name} ${sayDuration(seconds!)}`).join(', ')}${summary.rtoSeconds === null ? '' : `; in all ${sayDuration(summary.rtoSeconds)}`}.`,
    );
  if (summary.rpoSeconds !== null) lines.push(`Data lost: at most ${sayDuration(summary.rpoSeconds)}, measured.`);
  const assessment = assessmentOf(state);
  if (assessment) lines.push(`*${assessment.verdict}*`, ...assessment.rows.map(sayRow));
  for (const step of graph.steps) {
    if (step.effect === 'notice') continue;
    if (step.uses.startsWith('engine/') && !workingEngineSteps.has(step.uses)) continue;
    if (step.undoes !== undefined && state.unwinding === null) continue;
    const current = state.steps[step.id]!;
    const detail = current.message || current.seen;
    lines.push(
      `• ${step.title}${looks.has(graph.flow) ? '' : ` [${step.id}]`}: ${looks.has(graph.flow) ? detail || current.state : `${said(step, current)}${detail ? ` (${detail})` : ''}`}`,
    );
  }
  if (summary.stopped.length > 0)
    lines.push(
      `Changed: ${summary.touched.join(', ') || 'nothing'}. Not touched: ${summary.notTouched.join(', ') || 'nothing'}.`,
    );
  if (summary.takenBack.length > 0) lines.push(`Taken back: ${summary.takenBack.join(', ')}.`);
  if (summary.standing !== 'succeeded' && summary.standing !== 'running')
    for (const { title, why } of summary.stays) lines.push(`Stays: ${title}: ${why}.`);
  for (const step of graph.steps) {
    const { waiver } = state.steps[step.id]!;
    if (waiver)
      lines.push(
        `${waiver.name} asks to ${waiver.deed} ${step.id} (${waiver.reason}): \`/dr run ${created.run} allow ${step.id}\` or \`refuse\`.`,
      );
  }
  return lines.join('\n');
};

const assessmentOf = (state: RunState): Assessment | null => {
  const step = state.created.graph.steps.find(({ uses }) => uses === 'engine/assess');
  return step ? (state.steps[step.id]!.output as unknown as Assessment | null) : null;
};

const rowMarks = { applies: '▶', 'not yet': '…', 'does not apply': '–', 'not known': '?' } as const;

const sayRow = ({ title, standing, because, action }: Assessment['rows'][number]): string =>
  `${rowMarks[standing]} ${title}: ${standing} (${because}) → ${action}`;

/** A look that only informs has its answer as its outcome: "no" must not read as "succeeded". */
const said = (step: Step, current: StepState): string =>
  step.informative && current.state === 'succeeded'
    ? ((current.output as { answer?: string } | null)?.answer ?? 'looked')
    : current.state;

const pinnedSubject = (channel: string, ts: string): string => `message:${channel}:${ts}`;

export const createIncidentDirectory = (pool: pg.Pool): IncidentDirectory => {
  const select = `SELECT id, plan, title, severity, status, facts->>'channel' AS channel, declared_at AS "declaredAt" FROM incidents`;
  const read = async (where: string, values: unknown[]) =>
    (await pool.query(`${select} ${where} ORDER BY declared_at DESC LIMIT 50`, values)).rows.map((row) => ({
      ...row,
      declaredAt: row.declaredAt.toISOString(),
    }));
  return {
    open: () => read(`WHERE status = 'open'`, []),
    recent: async (most) => (await read('', [])).slice(0, most),
    ofChannel: async (channel) => (await read(`WHERE status = 'open' AND facts->>'channel' = $1`, [channel]))[0],
    async notePinned(channel, ts, incident) {
      await pool.query(
        `INSERT INTO views (subject, kind, channel, ts, digest) VALUES ($1, $2, $3, $4, '') ON CONFLICT DO NOTHING`,
        [pinnedSubject(channel, ts), `pinned:${incident}`, channel, ts],
      );
    },
    async pinnedIn(channel, ts) {
      const { rows } = await pool.query(`SELECT kind FROM views WHERE subject = $1 AND kind LIKE 'pinned:%'`, [
        pinnedSubject(channel, ts),
      ]);
      return rows.map(({ kind }: { kind: string }) => kind.slice('pinned:'.length));
    },
    find: async (idOrChannel) => (await read(`WHERE id = $1 OR facts->>'channel' = $1`, [idOrChannel]))[0],
  };
};
