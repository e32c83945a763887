import { userInfo } from 'node:os';
import { readOwnSettings } from '../config.ts';
import { MaydayError } from '../errors.ts';
import { appendToSystem } from '../journal/append-to-system.ts';
import { createJournal } from '../journal/journal.ts';
import { redact } from '../redact.ts';
import { openSealingKey } from '../step-up/sealing-key.ts';
import { createStepUp } from '../step-up/step-up.ts';
import { withJournal } from './open.ts';
import { print } from './print.ts';

/** Forgets somebody's authenticator. Whoever may do this has the database already; that they did is on record. */
export const reset = async (person: string, reason: string): Promise<void> =>
  withJournal(process.env, async ({ database, clock }) => {
    const settings = readOwnSettings(process.env);
    const journal = createJournal(database.pool, () => clock.wall());
    const actor = `command-line:${userInfo().username}`;
    const stepUp = createStepUp({
      pool: database.pool,
      key: openSealingKey(settings.MAYDAY_STEP_UP_KEY, settings.MAYDAY_DATA),
      now: () => clock.wall(),
      worldNow: () => clock.now(),
      record: async () => {},
    });
    if (!(await stepUp.reset(person)))
      throw new MaydayError('input/invalid', `${person} has no authenticator enrolled. Nothing was changed.`);
    const data = { person, reason: redact(reason) };
    await appendToSystem(journal, { type: 'step-up.reset', version: 1, actor, data });
    print(`${person} has no authenticator any more; \`/dr step-up enrol\` in Slack makes another one.`);
  });
