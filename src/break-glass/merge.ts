import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { sha256 } from '../canonical.ts';
import type { RecordedEvent } from '../engine/events.ts';
import { evolve } from '../engine/evolve.ts';
import type { EnginePorts } from '../engine/ports.ts';
import { runRow, settle } from '../engine/run-store.ts';
import type { RunState } from '../engine/state.ts';
import { MaydayError } from '../errors.ts';
import { incidentAfter, incidentRow } from '../incident/incident.ts';
import { whyBad } from '../journal/audit-check.ts';
import { chainOn, genesis, type JournalRow } from '../journal/chain.ts';
import { readRows, stored } from './file-journal.ts';

export const breakGlassFolder = (data: string): string => join(data, 'break-glass');

export interface Merged {
  file: string;
  run: string;
  entries: number;
}

/** Files of runs that were made without a database and are not in the journal yet. */
export const unmerged = (data: string): string[] => {
  const folder = breakGlassFolder(data);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => join(folder, name));
};

/**
 * Takes a break-glass file into the journal as it is, row by row with its own hashes, and anchors its last hashes in the
 * stream `system`, all in one transaction. Doing it twice does nothing. Throws `journal/unavailable` when a row of the
 * file was changed: then nothing is taken.
 */
export const mergeBreakGlass = async (
  file: string,
  pool: pg.Pool,
  ports: Pick<EnginePorts, 'clock'>,
): Promise<Merged> => {
  const rows = readRows(file);
  const streams = Map.groupBy(rows, ({ stream }) => stream);
  for (const [stream, chain] of streams)
    for (const [i, row] of chain.entries()) {
      const why = whyBad(row, chain[i - 1]);
      if (why)
        throw new MaydayError(
          'journal/unavailable',
          `${file}: row ${row.seq} of ${stream}: ${why}. Nothing was taken into the journal. Ask who had the file; to start without it, move it to another folder.`,
        );
    }
  if (rows.length === 0) {
    // Nothing was acknowledged before it ended, so nothing was done either.
    renameSync(file, `${file}.empty`);
    return { file, run: '', entries: 0 };
  }
  const state = stateOf([...streams].find(([stream]) => stream.startsWith('run:'))?.[1] ?? [], file);
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rows: known } = await client.query('SELECT 1 FROM stream_heads WHERE stream = $1', [
      `run:${state.created.run}`,
    ]);
    if (known.length === 0) await insert(client, streams, state, ports, file);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  } finally {
    client.release();
  }
  renameSync(file, `${file}.merged`);
  return { file, run: state.created.run, entries: rows.length };
};

const stateOf = (rows: readonly JournalRow[], file: string): RunState => {
  const state = rows.map(stored).reduce<RunState | null>((before, { type, data, seq, actor, version }) => {
    const event = { type, data: data.event, seq, at: data.at, actor } as RecordedEvent;
    return evolve(before, event, version);
  }, null);
  if (!state) throw new MaydayError('journal/unavailable', `${file} holds no run. Nothing was taken into the journal.`);
  return state;
};

const insert = async (
  client: pg.PoolClient,
  streams: Map<string, JournalRow[]>,
  state: RunState,
  { clock }: Pick<EnginePorts, 'clock'>,
  file: string,
): Promise<void> => {
  const heads = [...streams].map(([stream, chain]) => ({ stream, seq: chain.at(-1)!.seq, hash: chain.at(-1)!.hash }));
  const anchor = {
    type: 'break-glass.merged',
    version: 1,
    actor: 'mayday',
    data: {
      run: state.created.run,
      heads,
      sha256: sha256(JSON.stringify([...streams.values()])),
      file: file.split('/').at(-1),
    },
  };
  const { rows } = await client.query(`SELECT seq, hash FROM stream_heads WHERE stream = 'system' FOR UPDATE`);
  const anchored = chainOn('system', rows[0] ?? { seq: 0, hash: genesis }, [anchor], clock.wall().toISOString());
  for (const row of [...[...streams.values()].flat(), ...anchored])
    await client.query(
      `INSERT INTO journal (stream, seq, at, actor, type, version, salt, data, data_hash, previous_hash, hash)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      [
        row.stream,
        row.seq,
        row.at,
        row.actor,
        row.type,
        row.version,
        row.salt,
        row.data,
        row.dataHash,
        row.previousHash,
        row.hash,
      ],
    );
  for (const { stream, seq, hash } of [...heads, { stream: 'system', seq: anchored[0]!.seq, hash: anchored[0]!.hash }])
    await client.query(
      `INSERT INTO stream_heads (stream, seq, hash) VALUES ($1, $2, $3)
       ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, hash = excluded.hash`,
      [stream, seq, hash],
    );
  const { lookAt } = settle(state, [], clock.now(), 'mayday', 0);
  const run = runRow(state, lookAt, { clock } as EnginePorts);
  // Whoever was not told while nobody could be is told now, even when the run itself has ended.
  await client.query('INSERT INTO runs SELECT * FROM jsonb_populate_recordset(NULL::runs, $1)', [
    JSON.stringify([run]),
  ]);
  const incident = streams.get(`incident:${state.created.incident}`);
  const after = incident && incidentAfter(incident.map(stored));
  if (after)
    await client.query('INSERT INTO incidents SELECT * FROM jsonb_populate_recordset(NULL::incidents, $1)', [
      JSON.stringify([incidentRow(state.created.incident, after)]),
    ]);
  if (state.outcome === null)
    for (const resource of state.created.graph.claims)
      await client.query('INSERT INTO claims (resource, run_id) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        resource,
        state.created.run,
      ]);
};
