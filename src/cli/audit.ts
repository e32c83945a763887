import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpointPlaces } from '../checkpoint-places.ts';
import { readCheckpointSettings } from '../config.ts';
import { MaydayError, messageOf } from '../errors.ts';
import type { AuditReport } from '../journal/audit-check.ts';
import { type CheckedCheckpoints, type Checkpoint, checkCheckpoints } from '../journal/checkpoint.ts';
import { readCheckpointFolder } from '../journal/checkpoint-folder.ts';
import { exportJournal } from '../journal/export.ts';
import { openSigningKey, publicKeyFile, readVerifyingKeys, type VerifyingKey } from '../journal/signing-key.ts';
import { auditJournal } from '../journal/verify.ts';
import { verifyExport } from '../journal/verify-export.ts';
import { withJournal } from './open.ts';
import { print, printJson } from './print.ts';

interface VerifyOptions {
  json: boolean;
  key?: string;
  checkpoints?: string;
}

interface Judged {
  report: AuditReport;
  checkpoints: CheckedCheckpoints;
  /** What is wrong beside the rows: the file, a second place that cannot be read. */
  faults: string[];
}

/** Verifies an export, or without one the live journal; ends with 1 when anything does not fit, and names it. */
export const verify = async (file: string | undefined, options: VerifyOptions): Promise<void> => {
  if (file !== undefined && options.key === undefined)
    throw new MaydayError(
      'input/invalid',
      'An export is verified with the public key: audit verify FILE --key checkpoint-key.pub.pem. Nothing was verified.',
    );
  const judged = file === undefined ? await judgeLive(options) : await judgeFile(file, options);
  const { report, checkpoints, faults } = judged;
  const { last } = checkpoints;
  const firstBad = report.bad[0];
  const verified = firstBad === undefined && faults.length === 0 && checkpoints.faults.length === 0;
  if (!verified) process.exitCode = 1;
  if (options.json)
    return printJson({
      entries: report.entries,
      streams: report.streams,
      verified,
      ...(firstBad && { firstBad, bad: report.bad }),
      ...(faults.length > 0 && { faults }),
      erased: report.erased,
      checkpoints: {
        count: checkpoints.count,
        last: last ? { number: last.number, time: last.time, key: last.key } : null,
        uncovered: report.uncovered,
        ...(checkpoints.faults.length > 0 && { faults: checkpoints.faults }),
      },
    });
  if (!verified)
    print(
      ...report.bad.map(({ stream, seq, why }) => `BROKEN: row ${seq} of ${stream}: ${why}.`),
      ...checkpoints.faults.map(({ checkpoint, why }) => `BROKEN: checkpoint ${checkpoint}: ${why}.`),
      ...faults.map((fault) => `BROKEN: ${fault}.`),
      `Keep ${file ?? 'the database'} as it is, and compare with an export made earlier.`,
    );
  else print(`Verified: ${report.entries} entries in ${report.streams} streams, every hash and every link.`);
  if (report.erased > 0) print(`${report.erased} rows hold no data any more: they were erased.`);
  print(
    last
      ? `${checkpoints.count} checkpoints, the last one number ${last.number} of ${last.time}, signed with key ${last.key}.`
      : 'There are no checkpoints, so nothing outside says how long the streams must be.',
    ...(report.uncovered > 0
      ? [
          `${report.uncovered} entries are younger than the last checkpoint of their stream. Were more of them cut off at the end, together with their heads, this could not tell.`,
        ]
      : []),
  );
};

const judgeFile = async (file: string, options: VerifyOptions): Promise<Judged> => {
  const keys = readVerifyingKeys(await textOf(options.key!));
  const outside = options.checkpoints === undefined ? [] : await folderOf(options.checkpoints);
  try {
    return await verifyExport(file, keys, outside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw notThere(file);
    throw error;
  }
};

/** Checkpoints from the database and from every second place that can be read, held against the rows. */
const judgeLive = (options: VerifyOptions): Promise<Judged> =>
  withJournal(process.env, async ({ database, databaseUrl, environment }) => {
    const settings = readCheckpointSettings(environment);
    const faults: string[] = [];
    const { rows } = await database.pool.query('SELECT content, signature FROM checkpoints ORDER BY number');
    const inside: Checkpoint[] = rows.map(({ content, signature }) => ({ content: JSON.parse(content), signature }));
    const { places, close } = openCheckpointPlaces(settings, databaseUrl, () => new Date());
    const outside: Checkpoint[] = options.checkpoints === undefined ? [] : await folderOf(options.checkpoints);
    const { rows: written } = await database.pool.query('SELECT place FROM checkpoint_places');
    for (const place of places) {
      if (!place.read) continue;
      try {
        outside.push(...(await place.read()));
      } catch (error) {
        // A place that was never written to need not be there.
        if (written.some((each) => each.place === place.name))
          faults.push(`the checkpoints in ${place.name} cannot be read: ${messageOf(error)}`);
      }
    }
    close();
    const all = [...inside, ...outside];
    const keys = await keysFor(options, settings, all.length);
    const checkpoints = checkCheckpoints(all, keys);
    for (const number of new Set(outside.map(({ content }) => content.number)))
      if (!inside.some(({ content }) => content.number === number))
        faults.push(`checkpoint ${number} is in a second place but not in the database`);
    return { report: await auditJournal(database.pool, checkpoints), checkpoints, faults };
  });

const keysFor = async (
  options: VerifyOptions,
  settings: ReturnType<typeof readCheckpointSettings>,
  checkpoints: number,
): Promise<VerifyingKey[]> => {
  if (options.key !== undefined) return readVerifyingKeys(await textOf(options.key));
  if (checkpoints === 0) return [];
  if (settings.MAYDAY_SIGNING_KEY !== undefined)
    return readVerifyingKeys(openSigningKey(settings.MAYDAY_SIGNING_KEY, settings.MAYDAY_DATA).publicPem);
  return readVerifyingKeys(await textOf(join(settings.MAYDAY_DATA, publicKeyFile)));
};

/** The journal with all that is needed to verify it without us, in one file that only its owner can read. */
export const exportAll = async (options: { out: string }): Promise<void> =>
  withJournal(process.env, async ({ database, environment }) => {
    const settings = readCheckpointSettings(environment);
    const publicKey =
      settings.MAYDAY_SIGNING_KEY === undefined
        ? await readFile(join(settings.MAYDAY_DATA, publicKeyFile), 'utf8').catch(() => undefined)
        : openSigningKey(settings.MAYDAY_SIGNING_KEY, settings.MAYDAY_DATA).publicPem;
    const key = publicKey === undefined ? undefined : readVerifyingKeys(publicKey)[0]!.id;
    const toScreen = options.out === '-';
    const out = toScreen ? process.stdout : createWriteStream(options.out, { mode: 0o600 });
    const failed = toScreen ? undefined : once(out, 'error').then(([error]) => Promise.reject(error as Error));
    failed?.catch(() => {});
    const write = async (lines: string) => {
      if (!out.write(lines)) await Promise.race([once(out, 'drain'), ...(failed ? [failed] : [])]);
    };
    const end = await exportJournal(database.pool, { exportedAt: new Date().toISOString(), key }, write);
    if (toScreen) return;
    out.end();
    await Promise.race([once(out, 'finish'), failed!]);
    process.stderr.write(
      `${end.rows} entries of ${end.streams} streams and ${end.checkpoints} checkpoints are in ${options.out}. Verify it anywhere: mayday audit verify ${options.out} --key ${publicKeyFile}\n`,
    );
  });

const folderOf = async (folder: string): Promise<Checkpoint[]> => {
  try {
    const found = await readCheckpointFolder(folder);
    if (found.length > 0) return found;
  } catch {
    throw notThere(folder);
  }
  throw new MaydayError(
    'input/invalid',
    `${folder} holds no checkpoint, so it proves nothing; name the folder in which the files checkpoint-….json lie. Nothing was verified.`,
  );
};

const textOf = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch {
    throw notThere(path);
  }
};

const notThere = (path: string): MaydayError =>
  new MaydayError('input/invalid', `${path} cannot be read. Nothing was verified or changed.`);
