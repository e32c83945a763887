import { createHash } from 'node:crypto';
import type pg from 'pg';
import { inSnapshot, journalPages } from './pages.ts';

/** The first line of an export. */
export const exportFormat = 'mayday-audit-1';

export interface ExportFooter {
  end: { rows: number; streams: number; checkpoints: number; sha256: string };
}

/**
 * The whole journal as it is at one moment, as JSON lines: a header, every row in stream order, every head, every
 * checkpoint, and a footer with how many there were and the SHA-256 of all that stands before it. `write` resolves when
 * the next lines may come.
 */
export const exportJournal = (
  pool: pg.Pool,
  header: { exportedAt: string; key?: string; publicKey?: string },
  write: (lines: string) => Promise<void>,
): Promise<ExportFooter['end']> =>
  inSnapshot(pool, async (client) => {
    const hash = createHash('sha256');
    const put = (lines: string) => {
      hash.update(lines);
      return write(lines);
    };
    const line = (value: unknown) => `${JSON.stringify(value)}\n`;
    const end = { rows: 0, streams: 0, checkpoints: 0, sha256: '' };
    await put(line({ format: exportFormat, ...header }));
    for await (const page of journalPages(client)) {
      end.rows += page.length;
      await put(page.map(line).join(''));
    }
    const { rows: heads } = await client.query(
      'SELECT stream, seq, hash FROM stream_heads WHERE seq > 0 ORDER BY stream',
    );
    end.streams = heads.length;
    await put(heads.map((head) => line({ head })).join(''));
    for (let after = 0; ; ) {
      const { rows } = await client.query(
        'SELECT number, content, signature FROM checkpoints WHERE number > $1 ORDER BY number LIMIT 500',
        [after],
      );
      end.checkpoints += rows.length;
      await put(
        rows
          .map(({ content, signature }) => line({ checkpoint: { content: JSON.parse(content), signature } }))
          .join(''),
      );
      if (rows.length < 500) break;
      after = rows.at(-1).number;
    }
    end.sha256 = hash.digest('hex');
    await write(line({ end }));
    return end;
  });
