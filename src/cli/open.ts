import { type Environment, readOwnSettings } from '../config.ts';
import type { Clock } from '../define.ts';
import type { EnginePorts } from '../engine/ports.ts';
import { createRunStore, type RunStore } from '../engine/run-store.ts';
import { type Database, openDatabase } from '../journal/database.ts';
import { createJournal } from '../journal/journal.ts';
import { createLeases } from '../journal/leases.ts';
import { openWorldClock } from '../journal/world-clock.ts';
import { hideSettings } from '../known-secrets.ts';
import { findDatabase } from '../launch.ts';
import { createLog } from '../logging.ts';

/** The journal as the command line sees it: the bot need not run, and nothing of it is started. */
export interface OpenJournal {
  database: Database;
  /** The address with which everything is done but what only the owner of the tables may. */
  databaseUrl: string;
  /** The owner's; the same one unless they are kept apart. */
  ownerUrl: string;
  clock: Clock;
  store: RunStore;
  /** The given settings, and in a rehearsal those of the sandbox besides. */
  environment: Environment;
  isRehearsal: boolean;
}

/** Opens the journal, works, and closes it whatever happens. */
export const withJournal = async <T>(
  environment: Environment,
  work: (journal: OpenJournal) => Promise<T>,
): Promise<T> => {
  const found = await findDatabase(environment);
  hideSettings({ ...found.environment, DATABASE_URL: found.databaseUrl });
  let database: Database | undefined;
  try {
    const own = readOwnSettings(environment);
    const ownerUrl = found.databaseUrl === own.DATABASE_URL ? own.DATABASE_OWNER_URL : undefined;
    database = await openDatabase(found.databaseUrl, { poolSize: 3, ownerUrl });
    const clock = await openWorldClock(database.pool);
    const log = createLog(own.MAYDAY_LOG === 'debug' ? 'debug' : 'warn');
    const store = createRunStore(portsOf(database, clock, log));
    return await work({
      database,
      databaseUrl: found.databaseUrl,
      ownerUrl: ownerUrl ?? found.databaseUrl,
      clock,
      store,
      environment: found.environment,
      isRehearsal: found.isRehearsal,
    });
  } finally {
    await database?.close();
    await found.close();
  }
};

/** Enough of the engine to read a run and to append to it as a person; the steps themselves are the bot's. */
const portsOf = (database: Database, clock: Clock, log: EnginePorts['log']): EnginePorts => ({
  journal: createJournal(database.pool, () => clock.wall()),
  leases: createLeases(database),
  clock,
  log,
  // Nobody is woken from here: the row says that the run is due, and the sweep of the bot finds it within a second.
  wake: () => {},
  dueAt: () => notHere('dueAt'),
  render: () => notHere('render'),
  facts: () => ({}),
  readLoss: () => notHere('readLoss'),
  whoIs: () => notHere('whoIs'),
  failingSince: () => notHere('failingSince'),
  changed: () => {},
});

const notHere = (port: string): Promise<never> =>
  Promise.reject(new Error(`The command line performs no steps, so it has no ${port}.`));
