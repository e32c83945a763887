import { chainOn, type JournalRow, type NewEvent, rowColumns } from '../../src/journal/chain.ts';
import { openDatabase } from '../../src/journal/database.ts';
import { noHead } from '../../src/journal/journal.ts';

export const rowsPerRun = 50;
const runsAtATime = 200;
/** So many people and systems that a question about one of them has few answers among a million. */
export const people = 400;
export const plans = 60;

export const runName = (run: number): string => `r-${run.toString(36).padStart(6, '0')}`;
export const personName = (person: number): string => `U0PERSON${String(person).padStart(4, '0')}`;

/** Fills an empty journal with runs as they would be there after years, chained as the journal chains them. */
export const fillJournal = async (databaseUrl: string, rows: number): Promise<void> => {
  const database = await openDatabase(databaseUrl);
  const begin = Date.parse('2026-01-01T00:00:00Z');
  const runs = Math.ceil(rows / rowsPerRun);
  for (let first = 0; first < runs; first += runsAtATime) {
    const chains = Array.from({ length: Math.min(runsAtATime, runs - first) }, (_, i) => {
      const run = first + i;
      const at = new Date(begin + run * 600_000).toISOString();
      return chainOn(`run:${runName(run)}`, noHead, eventsOf(run, at), at);
    });
    await insert(database.pool, chains);
  }
  await database.close();
};

const eventsOf = (run: number, at: string): NewEvent[] => {
  const person = personName((run * 7) % people);
  const tell = (type: string, event: object, actor = 'mayday'): NewEvent => ({
    type,
    version: 1,
    actor,
    data: { at, event },
  });
  const requester = { person, name: `Person ${(run * 7) % people}`, team: 'T0BENCH01' };
  const graph = { plan: `plan-${run % plans}`, flow: 'failover', scope: 'region' };
  const events = [
    tell('run.created', { run: runName(run), graph, requester, reason: `alarm ${run}` }, `slack:${person}`),
    tell('approval.given', { step: 'approve', person, name: requester.name }, `slack:${person}`),
  ];
  for (let step = 0; events.length < rowsPerRun - 1; step += 1) {
    events.push(tell('step.started', { step: `step-${step}` }));
    events.push(
      tell('step.succeeded', {
        step: `step-${step}`,
        seen: `rds:us-west-2:replica-${run % 1000} is available, primary, accepts writes`,
        changed: step % 3 === 0,
        output: { endpoint: `replica-${run % 1000}.example.com`, lagSeconds: step },
      }),
    );
  }
  return [...events.slice(0, rowsPerRun - 1), tell('run.finished', { outcome: 'succeeded' })];
};

const insert = async (
  pool: Awaited<ReturnType<typeof openDatabase>>['pool'],
  chains: JournalRow[][],
): Promise<void> => {
  const rows = chains.flat();
  await pool.query({
    name: 'fill-journal',
    text: `INSERT INTO journal (stream, seq, at, actor, type, version, salt, data, data_hash, previous_hash, hash)
           SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::text[],
             $8::text[], $9::text[], $10::text[], $11::text[])`,
    values: rowColumns.map((column) => rows.map((row) => row[column])),
  });
  const ends = chains.map((chain) => chain.at(-1)!);
  await pool.query({
    name: 'fill-heads',
    text: 'INSERT INTO stream_heads (stream, seq, hash) SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[])',
    values: (['stream', 'seq', 'hash'] as const).map((column) => ends.map((row) => row[column])),
  });
  await pool.query({
    name: 'fill-runs',
    text: `INSERT INTO runs (id, incident, plan, flow, scope, status, outcome, requester, created_at, finished_at)
           SELECT substr(stream, 5), 'i-' || substr(stream, 7), 'plan', 'failover', 'region', 'succeeded', 'succeeded', 'U', now(), now()
           FROM unnest($1::text[]) AS stream`,
    values: [ends.map(({ stream }) => stream)],
  });
};
