import type pg from 'pg';
import type { Json } from '../define.ts';
import { MaydayError, messageOf } from '../errors.ts';
import { createAppendQueue } from './append-queue.ts';
import { genesis, type Head, type NewEvent } from './chain.ts';

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
  /** Events of a stream after `afterSeq`, in order. The data of an erased one are { at, event: {}, erased: true }. */
  read(stream: string, afterSeq?: number): Promise<StoredEvent[]>;
  head(stream: string): Promise<Head>;
}

export const noHead: Head = { seq: 0, hash: genesis };

export const createJournal = (pool: pg.Pool, wallNow: () => Date): Journal => ({
  append: createAppendQueue(pool, wallNow).append,

  async read(stream, afterSeq = 0) {
    const { rows } = await pool
      .query({
        name: 'journal-read',
        text: 'SELECT stream, seq, at, actor, type, version, data, hash FROM journal WHERE stream = $1 AND seq > $2 ORDER BY seq',
        values: [stream, afterSeq],
      })
      .catch(unreadable);
    return rows.map((row) => ({
      ...row,
      data: row.data === '' ? { at: row.at, event: {}, erased: true } : JSON.parse(row.data),
    }));
  },

  async head(stream) {
    const { rows } = await pool
      .query('SELECT seq, hash FROM stream_heads WHERE stream = $1', [stream])
      .catch(unreadable);
    return rows[0] ?? noHead;
  },
});

const unreadable = (error: unknown): never => {
  throw new MaydayError('journal/unavailable', `The journal could not be read: ${messageOf(error)}.`, {
    retryable: true,
    cause: error,
  });
};
