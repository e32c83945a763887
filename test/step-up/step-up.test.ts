import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openSealingKey } from '../../src/step-up/sealing-key.ts';
import { createStepUp, type StepUp } from '../../src/step-up/step-up.ts';
import { codeAt, counterAt } from '../../src/step-up/totp.ts';
import { type JournalDatabase, openJournalDatabase } from '../support/journal-database.ts';

let database: JournalDatabase;
let stepUp: StepUp;
let now = new Date('2026-03-01T12:00:00Z');
let record: { type: string; actor: string; data: any }[] = [];
const folder = mkdtempSync(join(tmpdir(), 'step-up-'));
beforeAll(async () => {
  database = await openJournalDatabase();
});
afterAll(() => database.close());
beforeEach(() => {
  now = new Date(now.getTime() + 86_400_000);
  record = [];
  stepUp = createStepUp({
    pool: database.database.pool,
    key: openSealingKey(undefined, folder),
    now: () => now,
    worldNow: () => now,
    record: async (event) => void record.push(event),
  });
});

const bytesOf = (key: string): Buffer => {
  const bits = [...key.replaceAll(' ', '')]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((eight) => Number.parseInt(eight, 2)));
};
let people = 0;
const enrolled = async () => {
  people += 1;
  const person = `U0PERSON${people}`;
  const secret = bytesOf((await stepUp.enrol(person)).key);
  await stepUp.confirm(person, codeAt(secret, counterAt(now)));
  now = new Date(now.getTime() + 60_000);
  return { person, secret, code: () => codeAt(secret, counterAt(now)) };
};

describe('codes', () => {
  test('count once, and not before the secret was confirmed', async () => {
    const person = 'U0FRESH01';
    const secret = bytesOf((await stepUp.enrol(person)).key);
    const code = codeAt(secret, counterAt(now));
    await expect(stepUp.proveByCode(person, code, now)).rejects.toThrow(
      /no authenticator enrolled.*\/dr step-up enrol/,
    );
    await stepUp.confirm(person, code);
    await expect(stepUp.proveByCode(person, code, now)).rejects.toThrow(/was used before/);
    now = new Date(now.getTime() + 30_000);
    await stepUp.proveByCode(person, codeAt(secret, counterAt(now)), now);
  });

  test('of one code that comes ten times at once, one counts', async () => {
    const { person, code } = await enrolled();
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => stepUp.proveByCode(person, code(), now)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('five wrong ones close the door for a quarter of an hour, also when a hundred come at once', async () => {
    const { person, code } = await enrolled();
    const wrong = Array.from({ length: 100 }, (_, i) => stepUp.proveByCode(person, String(i).padStart(6, '0'), now));
    const results = await Promise.allSettled(wrong);
    const judged = results.filter(
      (result) => result.status === 'rejected' && /That code is wrong/.test(result.reason.message),
    );
    expect(judged.length).toBeLessThanOrEqual(5);
    await expect(stepUp.proveByCode(person, code(), now)).rejects.toThrow(
      /5 wrong codes within 15 minutes: no code of yours is taken before \d\d:\d\d UTC/,
    );
    expect(record.filter(({ type }) => type === 'step-up.failed' || type === 'step-up.locked').length).toBe(
      judged.length,
    );
    now = new Date(now.getTime() + 16 * 60_000);
    await stepUp.proveByCode(person, code(), now);
  });

  test('a secret that is confirmed cannot be replaced by whoever has the Slack account, only reset by an operator', async () => {
    const { person } = await enrolled();
    await expect(stepUp.enrol(person)).rejects.toThrow(/enrolled already/);
    expect(await stepUp.reset(person)).toBe(true);
    await stepUp.enrol(person);
  });

  test('the secret is sealed where it lies, for that person alone, and nothing on record tells it or a code', async () => {
    const { person, secret, code } = await enrolled();
    await stepUp.proveByCode(person, code(), now);
    const { rows } = await database.superuser.query('SELECT * FROM step_up_secrets WHERE person = $1', [person]);
    const kept = Buffer.from(rows[0].sealed, 'base64');
    expect(kept.includes(secret)).toBe(false);
    expect(JSON.stringify(record)).not.toMatch(new RegExp(`${secret.toString('hex')}|${code()}`));
    expect(record.map(({ type }) => type)).toEqual(['step-up.enrolled', 'step-up.confirmed', 'step-up.proven']);
    // Another person's row under their name opens nothing.
    const other = await enrolled();
    await database.superuser.query('UPDATE step_up_secrets SET sealed = $2 WHERE person = $1', [
      other.person,
      rows[0].sealed,
    ]);
    await expect(stepUp.proveByCode(other.person, code(), now)).rejects.toThrow(/cannot be read with the key/);
  });
});

test('an authenticator does not count for what was asked before it was enrolled', async () => {
  const asked = new Date(now.getTime() - 1_000);
  const { person, code } = await enrolled();
  await expect(stepUp.proveByCode(person, code(), asked)).rejects.toThrow(/enrolled after this was asked for/);
  await stepUp.proveByCode(person, code(), now);
});

describe('links', () => {
  const link = { person: 'U0LINK01', run: 'r-12345678', hash: 'h'.repeat(64), typed: 'FAILOVER' };

  test('are good once, for ten minutes, and mean what they were made for', async () => {
    const token = await stepUp.makeLink(link);
    expect(await stepUp.readLink(token)).toEqual(link);
    const newer = await stepUp.makeLink(link);
    await expect(stepUp.useLink(token)).rejects.toThrow(/was used before/);
    expect(await stepUp.useLink(newer)).toEqual(link);
    await expect(stepUp.useLink(newer)).rejects.toThrow(/was used before; each one is good once/);
    const late = await stepUp.makeLink(link);
    now = new Date(now.getTime() + 600_000);
    await expect(stepUp.useLink(late)).rejects.toThrow(/has expired/);
  });

  test('are no longer good for who took their yes back, and stay so for everybody else', async () => {
    const run = 'r-withdraw';
    const [mine, another, elsewhere] = await Promise.all([
      stepUp.makeLink({ ...link, run }),
      stepUp.makeLink({ ...link, run, person: 'U0LINK02' }),
      stepUp.makeLink({ ...link, run: 'r-another1', person: 'U0LINK03' }),
    ]);
    await stepUp.forgetLinks(link.person, run);
    await expect(stepUp.useLink(mine)).rejects.toThrow(/used before/);
    for (const token of [another, elsewhere]) await stepUp.useLink(token);
  });

  test('of one that is used twenty times at once, one counts', async () => {
    const token = await stepUp.makeLink(link);
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => stepUp.useLink(token)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('cannot be made by who can write to the database, nor turned to another run or person', async () => {
    const token = await stepUp.makeLink(link);
    const [id] = token.split('.');
    for (const forged of [id!, `${id}.`, `${id}.${'A'.repeat(43)}`, 'x.y', ''])
      await expect(stepUp.readLink(forged)).rejects.toThrow(/none of Mayday/);
    for (const column of ['person', 'run', 'hash', 'typed'])
      await expect(
        database.superuser
          .query(`UPDATE step_up_links SET ${column} = 'other' WHERE id = $1`, [id])
          .then(() => stepUp.readLink(token)),
      ).rejects.toThrow(/none of Mayday/);
  });

  test('no more than three are mailed within a quarter of an hour', async () => {
    const asked = await Promise.allSettled(
      Array.from({ length: 9 }, () => stepUp.makeLink({ ...link, person: 'U0MANY01' })),
    );
    expect(asked.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(3);
    await expect(stepUp.makeLink({ ...link, person: 'U0MANY01' })).rejects.toThrow(/3 links were mailed/);
  });
});

test('the key is made once, readable by nobody else; a setting that is none is refused without a part of it', () => {
  const own = mkdtempSync(join(tmpdir(), 'step-up-'));
  const sealed = openSealingKey(undefined, own).seal(Buffer.from('secret'), 'x');
  expect(openSealingKey(undefined, own).open(sealed, 'x').toString()).toBe('secret');
  expect(statSync(join(own, 'step-up-key')).mode & 0o777).toBe(0o600);
  expect(() => openSealingKey('c2hvcnQ=', own)).toThrow(/^MAYDAY_STEP_UP_KEY is no key: expected 32 bytes in base64/);
  writeFileSync(join(own, 'step-up-key'), 'c2hvcnQ=');
  expect(() => openSealingKey(undefined, own)).toThrow(/step-up-key is no key/);
});
