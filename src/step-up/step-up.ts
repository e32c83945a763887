import { randomBytes, timingSafeEqual } from 'node:crypto';
import type pg from 'pg';
import { MaydayError } from '../errors.ts';
import type { SealingKey } from './sealing-key.ts';
import { base32, counterOf } from './totp.ts';

/** What a mailed link stands for. */
export interface ApprovalLink {
  person: string;
  run: string;
  /** What the person saw when they pressed Approve. */
  hash: string;
  typed: string | null;
}

export interface Enrolment {
  /** To be typed into an app, in groups of four. */
  key: string;
}

/** How approvers prove a second time who they are. All times are the wall's: phones know no other. */
export interface StepUp {
  /** A new secret for somebody who has none that is confirmed. Throws `authority/refused` when they have one. */
  enrol(person: string): Promise<Enrolment>;
  /** Where the secret was shown, so that it can be taken away when it is confirmed. */
  shownAt(person: string, place: { channel: string; ts: string }): Promise<void>;
  /** The first code of the new secret. Returns where the secret was shown. Throws `authority/refused`. */
  confirm(person: string, code: string): Promise<{ channel: string; ts: string } | undefined>;
  isEnrolled(person: string): Promise<boolean>;
  /**
   * Throws `authority/refused` with what to do; a code counts once, and five wrong ones close the door for a while. What was asked before the
   * authenticator was enrolled (`askedAt`, world time) is not for it: whoever stole a session could enrol one for what waits.
   */
  proveByCode(person: string, code: string, askedAt: Date): Promise<void>;
  /** The token of a link that is good once, for that person, run and hash. Throws when too many were asked for. */
  makeLink(link: ApprovalLink): Promise<string>;
  /** What a token stands for, without using it up: mail scanners open links. Throws `authority/refused`. */
  readLink(token: string): Promise<ApprovalLink>;
  /** Links of before say nothing of what that person means now. */
  forgetLinks(person: string, run: string): Promise<void>;
  /** Uses a token up. Throws `authority/refused` when it was used, has expired or is none. */
  useLink(token: string): Promise<ApprovalLink>;
  /** Forgets somebody's secret; they enrol again. */
  reset(person: string): Promise<boolean>;
}

export interface StepUpOptions {
  pool: pg.Pool;
  key: SealingKey;
  now(): Date;
  /** The time that runs are asked in. */
  worldNow(): Date;
  /** Puts on record what happened to somebody's proof; never the code. */
  record(event: { type: string; actor: string; data: object }): Promise<void>;
}

const mostTries = 5;
const mostLinks = 3;
const windowMinutes = 15;
export const linkMinutes = 10;

export const createStepUp = ({ pool, key, now, worldNow, record }: StepUpOptions): StepUp => {
  const about = (person: string) => `totp:${person}`;
  const note = (type: string, person: string, more: object = {}) =>
    record({ type: `step-up.${type}`, actor: `slack:${person}`, data: { person, ...more } });

  const since = () => new Date(now().getTime() - windowMinutes * 60_000);
  /** Puts a try down before it is judged, so that of many at once no more are judged than allowed. */
  const put = async (person: string, kind: string): Promise<Date[]> => {
    await pool.query('INSERT INTO step_up_tries (person, kind, at) VALUES ($1, $2, $3)', [person, kind, now()]);
    const { rows } = await pool.query(
      'SELECT at FROM step_up_tries WHERE person = $1 AND kind = $2 AND at > $3 ORDER BY at',
      [person, kind, since()],
    );
    return rows.map(({ at }) => at);
  };
  const forget = (person: string, kind: string) =>
    pool.query('DELETE FROM step_up_tries WHERE person = $1 AND kind = $2', [person, kind]);

  /** Checks a code against a secret and uses it up, both or neither. */
  const check = async (person: string, code: string, isConfirmed: boolean): Promise<void> => {
    const tries = await put(person, 'code');
    if (tries.length > mostTries)
      throw new MaydayError(
        'authority/refused',
        `${mostTries} wrong codes within ${windowMinutes} minutes: no code of yours is taken before ${new Date(tries.at(-1)!.getTime() + windowMinutes * 60_000).toISOString().slice(11, 16)} UTC. Nothing was approved. Somebody else who may can approve meanwhile.`,
      );
    const { rows } = await pool.query(
      `SELECT sealed, last_counter FROM step_up_secrets WHERE person = $1 AND confirmed_at IS ${isConfirmed ? 'NOT NULL' : 'NULL'}`,
      [person],
    );
    if (rows.length === 0)
      throw new MaydayError(
        'authority/refused',
        isConfirmed
          ? 'You have no authenticator enrolled. Nothing was approved. Leave the code empty for a mailed link where the rule has one; `/dr step-up enrol` prepares you for the next time.'
          : 'There is nothing to confirm. Type `/dr step-up enrol` first; the secret comes as a direct message.',
      );
    const counter = counterOf(key.open(rows[0].sealed, about(person)), code, now(), Number(rows[0].last_counter));
    // Of two that come with one code at once, the second finds the counter moved.
    const used =
      counter !== undefined &&
      (
        await pool.query('UPDATE step_up_secrets SET last_counter = $2 WHERE person = $1 AND last_counter < $2', [
          person,
          counter,
        ])
      ).rowCount === 1;
    if (used) return void (await forget(person, 'code'));
    const left = mostTries - tries.length;
    await note(left > 0 ? 'failed' : 'locked', person);
    throw new MaydayError(
      'authority/refused',
      `That code is wrong, too old, or was used before; wait for the next one. ${left > 0 ? `${left} more ${left === 1 ? 'try' : 'tries'} before no code of yours is taken for ${windowMinutes} minutes.` : `No code of yours is taken for ${windowMinutes} minutes.`} Nothing was approved.`,
    );
  };

  const linkOf = async (
    token: string,
  ): Promise<ApprovalLink & { id: string; expiresAt: Date; usedAt: Date | null }> => {
    if (!/^[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/.test(token)) throw noLink('This link is none of Mayday’s.');
    const [id = '', signature = ''] = token.split('.');
    const { rows } = await pool.query(
      'SELECT id, person, run, hash, typed, expires_at AS "expiresAt", used_at AS "usedAt" FROM step_up_links WHERE id = $1',
      [id],
    );
    const link = rows[0];
    if (!link || !isSame(signature, key.sign(textOf(link)))) throw noLink('This link is none of Mayday’s.');
    if (link.usedAt) throw noLink('This link was used before; each one is good once.');
    if (link.expiresAt <= now()) throw noLink('This link has expired.');
    return link;
  };

  return {
    async enrol(person) {
      const secret = randomBytes(20);
      const { rowCount } = await pool.query(
        `INSERT INTO step_up_secrets (person, sealed) VALUES ($1, $2)
         ON CONFLICT (person) DO UPDATE SET sealed = excluded.sealed, last_counter = 0, dm_channel = NULL, dm_ts = NULL
         WHERE step_up_secrets.confirmed_at IS NULL`,
        [person, key.seal(secret, about(person))],
      );
      if (rowCount === 0)
        throw new MaydayError(
          'authority/refused',
          'You have an authenticator enrolled already, and whoever has your Slack account must not be able to replace it. Nothing was changed. If it is lost, an operator resets it with `mayday step-up reset`.',
        );
      await note('enrolled', person);
      return {
        key: base32(secret)
          .match(/.{1,4}/g)!
          .join(' '),
      };
    },
    async shownAt(person, { channel, ts }) {
      await pool.query('UPDATE step_up_secrets SET dm_channel = $2, dm_ts = $3 WHERE person = $1', [
        person,
        channel,
        ts,
      ]);
    },
    async confirm(person, code) {
      await check(person, code, false);
      const { rows } = await pool.query(
        `UPDATE step_up_secrets SET confirmed_at = $2, confirmed_world = $3 WHERE person = $1 RETURNING dm_channel AS channel, dm_ts AS ts`,
        [person, now(), worldNow()],
      );
      await note('confirmed', person);
      const [place] = rows;
      return place?.channel ? place : undefined;
    },
    async isEnrolled(person) {
      const { rows } = await pool.query(
        'SELECT 1 FROM step_up_secrets WHERE person = $1 AND confirmed_at IS NOT NULL',
        [person],
      );
      return rows.length > 0;
    },
    async proveByCode(person, code, askedAt) {
      const { rows } = await pool.query('SELECT confirmed_world AS at FROM step_up_secrets WHERE person = $1', [
        person,
      ]);
      if (rows[0]?.at && rows[0].at > askedAt)
        throw new MaydayError(
          'authority/refused',
          'Your authenticator was enrolled after this was asked for, so its codes count from the next question on. Nothing was approved. Take the mailed link where the rule has one, or let somebody else approve.',
        );
      await check(person, code, true);
      await note('proven', person, { by: 'totp' });
    },
    async makeLink({ person, run, hash, typed }) {
      if ((await put(person, 'link')).length > mostLinks)
        throw new MaydayError(
          'authority/refused',
          `${mostLinks} links were mailed to you within ${windowMinutes} minutes. Use the newest one. Nothing was approved.`,
        );
      // Only the newest is good.
      await forgetLinks(pool, person, run, now());
      const expiresAt = new Date(now().getTime() + linkMinutes * 60_000);
      const link = { id: randomBytes(16).toString('base64url'), person, run, hash, typed, expiresAt };
      await pool.query(
        'INSERT INTO step_up_links (id, person, run, hash, typed, expires_at) VALUES ($1, $2, $3, $4, $5, $6)',
        [link.id, person, run, hash, typed, expiresAt],
      );
      await note('link-mailed', person, { run });
      return `${link.id}.${key.sign(textOf(link))}`;
    },
    async readLink(token) {
      const { person, run, hash, typed } = await linkOf(token);
      return { person, run, hash, typed };
    },
    forgetLinks: (person, run) => forgetLinks(pool, person, run, now()),
    async useLink(token) {
      const { id, person, run, hash, typed } = await linkOf(token);
      const { rowCount } = await pool.query('UPDATE step_up_links SET used_at = $2 WHERE id = $1 AND used_at IS NULL', [
        id,
        now(),
      ]);
      if (rowCount === 0) throw noLink('This link was used before; each one is good once.');
      await note('proven', person, { by: 'link', run });
      return { person, run, hash, typed };
    },
    async reset(person) {
      const { rowCount } = await pool.query('DELETE FROM step_up_secrets WHERE person = $1', [person]);
      await forget(person, 'code');
      return rowCount === 1;
    },
  };
};

/** No link that was mailed to a person for a run is good any more. */
export const forgetLinks = async (
  pool: Pick<pg.Pool, 'query'>,
  person: string,
  run: string,
  at: Date,
): Promise<void> => {
  const sql = 'UPDATE step_up_links SET used_at = $3 WHERE person = $1 AND run = $2 AND used_at IS NULL';
  await pool.query(sql, [person, run, at]);
};

/** Everything that a link means, so that nothing of it can be another's. */
const textOf = ({ id, person, run, hash, typed, expiresAt }: ApprovalLink & { id: string; expiresAt: Date }): string =>
  JSON.stringify([id, person, run, hash, typed, expiresAt.toISOString()]);

const isSame = (given: string, expected: string): boolean => {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
};

const noLink = (why: string) =>
  new MaydayError('authority/refused', `${why} Nothing was approved. Press Approve on the card to get another one.`);
