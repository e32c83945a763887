import type pg from 'pg';
import { storable } from '../canonical.ts';
import type { Json } from '../define.ts';
import { MaydayError, messageOf } from '../errors.ts';
import { chainOn, genesis, type Head, type JournalRow, type NewEvent } from './chain.ts';

export interface StreamAppend {
  stream: string;
  /** The seq that this stream must end with now; 0 for a new stream. */
  expected: Head;
  events: NewEvent[];
}

export interface AppendOptions {
  /** A worker's proof that it still holds the run; appends by people carry none. */
  fence?: { runId: string; lane: string; epoch: number };
  /** Resource ids that a run takes for its life, all or none. */
  claim?: { runId: string; resources: string[] };
  releaseClaimsOf?: string;
  runs?: RunProjection[];
  incidents?: IncidentProjection[];
}

export interface RunProjection {
  id: string;
  incident: string;
  plan: string;
  flow: string;
  scope: string;
  status: string;
  outcome: string | null;
  requester: string;
  /** World time; the `look_…_at` are wall time, because the sweep compares them with the database's clock. */
  created_at: string;
  finished_at: string | null;
  look_recover_at: string | null;
  look_tell_at: string | null;
  look_look_at: string | null;
}

export interface IncidentProjection {
  id: string;
  plan: string | null;
  title: string;
  severity: string;
  status: string;
  commander: string | null;
  facts: Record<string, Json>;
  declared_at: string;
  resolved_at: string | null;
}

export interface StoredEvent {
  stream: string;
  seq: number;
  at: string;
  actor: string;
  type: string;
  version: number;
  data: any;
  hash: string;
}

export interface Journal {
  /**
   * Appends to several streams in one transaction; returns the new head of each.
   * Throws `journal/conflict` (somebody appended first), `lease/lost`, `claim/held` (cause: { resource, holder }),
   * `journal/unavailable`. After the last, whether the rows were written is not known: read again.
   */
  append(appends: StreamAppend[], options?: AppendOptions): Promise<Record<string, Head>>;
  /** Events of a stream after `afterSeq`, in order. */
  read(stream: string, afterSeq?: number): Promise<StoredEvent[]>;
  head(stream: string): Promise<Head>;
}

export const noHead: Head = { seq: 0, hash: genesis };

export const createJournal = (pool: pg.Pool, wallNow: () => Date): Journal => ({
  async append(appends, options = {}) {
    const at = wallNow().toISOString();
    const streams = [...appends]
      .filter(({ events }) => events.length > 0)
      .sort((a, b) => (a.stream < b.stream ? -1 : 1));
    const rows = streams.map(({ stream, expected, events }) => chainOn(stream, expected, events, at));
    const all = rows.flat();
    const heads = rows.map((chain) => chain.at(-1) as JournalRow);
    const column = <K extends keyof JournalRow>(key: K) => all.map((row) => row[key]);
    const { fence, claim, releaseClaimsOf } = options;
    try {
      await pool.query({
        name: 'journal-append',
        text: 'SELECT journal_append($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23)',
        values: [
          streams.map(({ stream }) => stream),
          streams.map(({ expected }) => expected.seq),
          heads.map(({ seq }) => seq),
          heads.map(({ hash }) => hash),
          column('stream'),
          column('seq'),
          column('at'),
          column('actor'),
          column('type'),
          column('version'),
          column('salt'),
          column('data'),
          column('dataHash'),
          column('previousHash'),
          column('hash'),
          fence?.runId ?? null,
          fence?.lane ?? null,
          fence?.epoch ?? null,
          claim ? [...claim.resources].sort() : null,
          claim?.runId ?? releaseClaimsOf ?? null,
          releaseClaimsOf !== undefined,
          projected(options.runs),
          projected(options.incidents),
        ],
      });
    } catch (error) {
      throw appendError(error);
    }
    return Object.fromEntries(streams.map(({ stream }, i) => [stream, { seq: heads[i]!.seq, hash: heads[i]!.hash }]));
  },

  async read(stream, afterSeq = 0) {
    const { rows } = await pool
      .query({
        name: 'journal-read',
        text: 'SELECT stream, seq, at, actor, type, version, data, hash FROM journal WHERE stream = $1 AND seq > $2 ORDER BY seq',
        values: [stream, afterSeq],
      })
      .catch(unreadable);
    return rows.map((row) => ({ ...row, data: JSON.parse(row.data) }));
  },

  async head(stream) {
    const { rows } = await pool
      .query('SELECT seq, hash FROM stream_heads WHERE stream = $1', [stream])
      .catch(unreadable);
    return rows[0] ?? noHead;
  },
});

/** Projections are read by people's tools and may be jsonb, which refuses characters that the journal's text keeps. */
const projected = (rows: readonly object[] | undefined): string | null =>
  rows ? JSON.stringify(rows, (_, value) => (typeof value === 'string' ? storable(value) : value)) : null;

const unreadable = (error: unknown): never => {
  throw new MaydayError('journal/unavailable', `The journal could not be read: ${messageOf(error)}.`, {
    retryable: true,
    cause: error,
  });
};

const appendError = (error: unknown): MaydayError => {
  const { code, detail } = error as { code?: string; detail?: string };
  if (code === 'MD001' || code === '23505')
    return new MaydayError('journal/conflict', 'Somebody else appended first.', { retryable: true, cause: error });
  if (code === 'MD002')
    return new MaydayError('lease/lost', 'Another worker has taken this run over.', { cause: error });
  if (code === 'MD003') {
    const held = JSON.parse(detail ?? '{}') as { resource: string; holder: string };
    return new MaydayError('claim/held', `${held.resource} is held by ${held.holder}.`, { cause: held });
  }
  return new MaydayError('journal/unavailable', `The journal could not be written: ${messageOf(error)}.`, {
    retryable: true,
    effect: 'maybe-made',
    cause: error,
  });
};
