import type pg from 'pg';
import { storable } from '../canonical.ts';
import { MaydayError, messageOf } from '../errors.ts';
import { chainOn, type Head, type JournalRow, rowColumns } from './chain.ts';
import type { AppendOptions, StreamAppend } from './journal.ts';
import { compareLeases } from './leases.ts';

/** Sends appends to the database; those that come while others are on their way share a transaction. */
export interface AppendQueue {
  /** As `Journal.append`. */
  append(appends: StreamAppend[], options?: AppendOptions): Promise<Record<string, Head>>;
}

/** One append on its way, with what of it must not meet itself in one call. */
interface Waiting {
  streams: StreamAppend[];
  chains: JournalRow[][];
  options: AppendOptions;
  keys: string[];
  resolve(heads: Record<string, Head>): void;
  reject(error: unknown): void;
}

/** One call that waits for a lock must not hold up all that come after it. */
const callsAtOnce = 2;
const mostInOneCall = 64;

export const createAppendQueue = (pool: pg.Pool, wallNow: () => Date): AppendQueue => {
  let waiting: Waiting[] = [];
  let calls = 0;

  let sending = false;
  /** In a moment, so that all who were set going by one answer share the next call. */
  const sendSoon = (): void => {
    if (sending) return;
    sending = true;
    process.nextTick(() => {
      sending = false;
      send();
    });
  };

  const send = (): void => {
    while (calls < callsAtOnce && waiting.length > 0) {
      const batch = takeBatch();
      calls += 1;
      void write(pool, batch).finally(() => {
        calls -= 1;
        sendSoon();
      });
    }
  };

  /** From the front as many as may share a call; one that takes claims goes alone, for it may wait for another. */
  const takeBatch = (): Waiting[] => {
    if (waiting[0]!.options.claim) return [waiting.shift()!];
    const taken = new Set<string>();
    const batch: Waiting[] = [];
    const left: Waiting[] = [];
    for (const each of waiting) {
      const fits = batch.length < mostInOneCall && !each.options.claim && !each.keys.some((key) => taken.has(key));
      (fits ? batch : left).push(each);
      // What was passed over keeps its turn before what comes after it on the same stream.
      for (const key of each.keys) taken.add(key);
    }
    waiting = left;
    return batch;
  };

  return {
    append(appends, options = {}) {
      const at = wallNow().toISOString();
      const streams = appends.filter(({ events }) => events.length > 0).sort((a, b) => (a.stream < b.stream ? -1 : 1));
      const chains = streams.map(({ stream, expected, events }) => chainOn(stream, expected, events, at));
      const keys = [
        ...streams.map(({ stream }) => `stream ${stream}`),
        ...(options.runs ?? []).map(({ id }) => `run ${id}`),
        ...(options.incidents ?? []).map(({ id }) => `incident ${id}`),
      ];
      return new Promise((resolve, reject) => {
        waiting.push({ streams, chains, options, keys, resolve, reject });
        sendSoon();
      });
    },
  };
};

const write = async (pool: pg.Pool, batch: Waiting[]): Promise<void> => {
  try {
    if (batch.length === 1) {
      await writeOne(pool, batch[0]!);
      return batch[0]!.resolve(headsOf(batch[0]!));
    }
    const refused = await writeMany(pool, batch);
    for (const [i, each] of batch.entries()) {
      const why = refused.get(i);
      if (why) each.reject(appendError(why));
      else each.resolve(headsOf(each));
    }
  } catch (error) {
    // The database refused the whole and undid it, because of one of them: let each stand for itself.
    if (batch.length > 1 && wasUndone(error)) for (const each of batch) await write(pool, [each]);
    else for (const each of batch) each.reject(appendError(error));
  }
};

const headsOf = ({ streams, chains }: Waiting): Record<string, Head> =>
  Object.fromEntries(
    streams.map(({ stream }, i) => {
      const { seq, hash } = chains[i]!.at(-1)!;
      return [stream, { seq, hash }];
    }),
  );

/** Told by the server about this statement, so it is not in doubt; a statement that ran out of time would again. */
const wasUndone = (error: unknown): boolean => {
  const { severity, code } = error as { severity?: string; code?: string };
  return severity === 'ERROR' && code !== '57014';
};

const writeMany = async (pool: pg.Pool, batch: Waiting[]): Promise<Map<number, { code: string; detail: string }>> => {
  const heads = batch
    .flatMap(({ streams, chains }, append) =>
      streams.map(({ stream, expected }, i) => {
        const { seq, hash } = chains[i]!.at(-1)!;
        return { append, alone: streams.length === 1, stream, expected: expected.seq, seq, hash };
      }),
    )
    .sort((a, b) => (a.stream < b.stream ? -1 : 1));
  const rows = batch.flatMap(({ chains }, append) => chains.flatMap((chain) => chain.map((row) => ({ append, row }))));
  const fences = batch
    .flatMap(({ options: { fence } }, append) => (fence ? [{ append, ...fence }] : []))
    .sort(compareLeases);
  const released = batch.flatMap(({ options: { releaseClaimsOf } }, append) =>
    releaseClaimsOf === undefined ? [] : [{ append, run: releaseClaimsOf }],
  );
  const { rows: refused } = await pool.query({
    name: 'journal-append-many',
    text: `SELECT * FROM journal_append_many($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26)`,
    values: [
      heads.map(({ append }) => append),
      heads.map(({ alone }) => alone),
      heads.map(({ stream }) => stream),
      heads.map(({ expected }) => expected),
      heads.map(({ seq }) => seq),
      heads.map(({ hash }) => hash),
      rows.map(({ append }) => append),
      ...rowColumns.map((column) => rows.map(({ row }) => row[column])),
      fences.map(({ append }) => append),
      fences.map(({ runId }) => runId),
      fences.map(({ lane }) => lane),
      fences.map(({ epoch }) => epoch),
      released.map(({ append }) => append),
      released.map(({ run }) => run),
      projected(batch.flatMap(({ options }, append) => (options.runs ?? []).map((row) => ({ ...row, append })))),
      projected(batch.flatMap(({ options }, append) => (options.incidents ?? []).map((row) => ({ ...row, append })))),
    ],
  });
  return new Map(refused.map(({ append, code, detail }) => [append, { code, detail }]));
};

const writeOne = async (pool: pg.Pool, { streams, chains, options }: Waiting): Promise<void> => {
  const heads = chains.map((chain) => chain.at(-1)!);
  const { fence, claim, releaseClaimsOf } = options;
  await pool.query({
    name: 'journal-append',
    text: 'SELECT journal_append($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23)',
    values: [
      streams.map(({ stream }) => stream),
      streams.map(({ expected }) => expected.seq),
      heads.map(({ seq }) => seq),
      heads.map(({ hash }) => hash),
      ...rowColumns.map((column) => chains.flatMap((chain) => chain.map((row) => row[column]))),
      fence?.runId ?? null,
      fence?.lane ?? null,
      fence?.epoch ?? null,
      claim ? [...claim.resources].sort() : null,
      claim?.runId ?? releaseClaimsOf ?? null,
      releaseClaimsOf !== undefined,
      projected(options.runs ?? []),
      projected(options.incidents ?? []),
    ],
  });
};

/** Projections are read by people's tools and may be jsonb, which refuses characters that the journal's text keeps. */
const projected = (rows: readonly object[]): string | null => {
  if (rows.length === 0) return null;
  const text = JSON.stringify(rows);
  if (!/\\u(?:0000|d[89a-f])/.test(text)) return text;
  return JSON.stringify(rows, (_, value) => (typeof value === 'string' ? storable(value) : value));
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
