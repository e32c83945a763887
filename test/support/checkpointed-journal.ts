import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditReport } from '../../src/journal/audit-check.ts';
import { type CheckedCheckpoints, type Checkpoint, checkCheckpoints } from '../../src/journal/checkpoint.ts';
import { createCheckpointFolder, readCheckpointFolder } from '../../src/journal/checkpoint-folder.ts';
import { type CheckpointPlace, createCheckpoints } from '../../src/journal/checkpoints.ts';
import { exportJournal } from '../../src/journal/export.ts';
import { createJournal, type Journal } from '../../src/journal/journal.ts';
import { openSigningKey, readVerifyingKeys, type SigningKey } from '../../src/journal/signing-key.ts';
import { auditJournal } from '../../src/journal/verify.ts';
import { type ExportVerification, verifyExport } from '../../src/journal/verify-export.ts';
import { type JournalDatabase, openJournalDatabase } from './journal-database.ts';

/** A journal with a signing key and a folder as second place; everything that an auditor has in hand. */
export interface CheckpointedJournal extends JournalDatabase {
  journal: Journal;
  key: SigningKey;
  folder: string;
  places: CheckpointPlace[];
  /** Appends that many entries to a stream. */
  say(stream: string, count: number): Promise<void>;
  /** Makes a checkpoint of what there is, whether it is time or not, and writes it everywhere. */
  checkpoint(): Promise<boolean>;
  verifyLive(): Promise<{ report: AuditReport; checkpoints: CheckedCheckpoints }>;
  /** Exports into a file, lets `tamper` change its lines, and verifies it with the public key alone. */
  verifyFile(tamper?: (lines: string[]) => string[], withFolder?: boolean): Promise<ExportVerification>;
}

export const openCheckpointedJournal = async (): Promise<CheckpointedJournal> => {
  const database = await openJournalDatabase();
  const data = mkdtempSync(join(tmpdir(), 'mayday-audit-'));
  const key = openSigningKey(undefined, data);
  const folder = join(data, 'checkpoints');
  const places = [createCheckpointFolder(folder)];
  const journal = createJournal(database.database.pool, () => new Date());
  const keys = () => readVerifyingKeys(key.publicPem);
  let n = 0;
  return {
    ...database,
    journal,
    key,
    folder,
    places,
    async say(stream, count) {
      const events = Array.from({ length: count }, () => {
        n += 1;
        return { type: 'said', version: 1, actor: 'pip', data: { n, text: `line one\u2028line two ${n}` } };
      });
      await journal.append([{ stream, expected: await journal.head(stream), events }]);
    },
    async checkpoint() {
      const { pool } = database.database;
      const log = { info() {}, warn() {}, error() {} };
      return createCheckpoints({ pool, key, places, everyEntries: 1, wallNow: () => new Date(), log }).turn();
    },
    async verifyLive() {
      const { rows } = await database.superuser.query('SELECT content, signature FROM checkpoints');
      const inside = rows.map(({ content, signature }): Checkpoint => ({ content: JSON.parse(content), signature }));
      const outside = await readCheckpointFolder(folder).catch(() => []);
      const checkpoints = checkCheckpoints([...inside, ...outside], keys());
      return { report: await auditJournal(database.database.pool, checkpoints), checkpoints };
    },
    async verifyFile(tamper = (lines) => lines, withFolder = false) {
      const path = join(data, 'export.jsonl');
      let text = '';
      await exportJournal(database.database.pool, { exportedAt: 'now', key: key.id }, async (lines) => {
        text += lines;
      });
      writeFileSync(path, `${tamper(text.trimEnd().split('\n')).join('\n')}\n`);
      // As on another machine: the file, the public key, and perhaps the second place.
      const publicPem = readFileSync(key.publicFile!, 'utf8');
      return verifyExport(path, readVerifyingKeys(publicPem), withFolder ? await readCheckpointFolder(folder) : []);
    },
    async close() {
      await database.close();
      rmSync(data, { recursive: true, force: true });
    },
  };
};
