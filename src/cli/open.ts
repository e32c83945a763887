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
  /** The address of the database; its user owns the tables. */
  databaseUrl: string;
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
    database = await openDatabase(found.databaseUrl, { poolSize: 3 });
    const clock = await openWorldClock(database.pool);
    const log = createLog(readOwnSettings(environment).MAYDAY_LOG === 'debug' ? 'debug' : 'warn');
    const store = createRunStore(portsOf(database, clock, log));
    return await work({
      database,
      databaseUrl: found.databaseUrl,
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
  failingSince: () => notHere('failingSince'),
  changed: () => {},
});

const notHere = (port: string): Promise<never> =>
  Promise.reject(new Error(`The command line performs no steps, so it has no ${port}.`));

export const print = (...lines: string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);

/** One JSON document on one line, so that the next program can read the last line. */
export const printJson = (value: unknown): void => print(JSON.stringify(value));
