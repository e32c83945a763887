import { join } from 'node:path';
import { type Environment, hasTokens, readOwnSettings } from './config.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './journal/embedded-postgres.ts';
import { runningSandbox, type SandboxProcess, startSandboxProcess } from './sandbox-process.ts';

/** Where everything is that a command needs: settings, database, and the sandbox when there is one. */
export interface Surroundings {
  environment: Environment;
  databaseUrl: string;
  sandbox: SandboxProcess | undefined;
  embedded: EmbeddedPostgres | undefined;
  close(): Promise<void>;
}

/**
 * With tokens: the real services, and DATABASE_URL or the embedded database. Without any: a sandbox is started (or the
 * one that runs is taken up), and its world's own database is used.
 */
export const openSurroundings = async (
  environment: Environment,
  options: { speed: number; start?: string },
): Promise<Surroundings> => {
  const own = readOwnSettings(environment);
  const embedded =
    own.DATABASE_URL && hasTokens(environment)
      ? undefined
      : await startEmbeddedPostgres({ folder: join(own.MAYDAY_DATA, 'postgres') });
  try {
    if (hasTokens(environment)) {
      return {
        environment,
        databaseUrl: own.DATABASE_URL ?? (await embedded!.database('mayday')),
        sandbox: undefined,
        embedded,
        close: async () => embedded?.close(),
      };
    }
    const sandbox = await startSandboxProcess({
      folder: own.MAYDAY_DATA,
      plans: own.MAYDAY_PLANS,
      databaseUrl: await embedded!.database('postgres'),
      speed: options.speed,
      start: options.start,
      ...(environment['MAYDAY_SANDBOX_DURATIONS'] && { durations: environment['MAYDAY_SANDBOX_DURATIONS'] }),
    });
    return {
      environment: { ...sandbox.environment, ...environment },
      databaseUrl: await embedded!.database(sandbox.database),
      sandbox,
      embedded,
      async close() {
        await sandbox.close();
        await embedded!.close();
      },
    };
  } catch (error) {
    await embedded?.close();
    throw error;
  }
};

/** The database as it is, for the command line: nothing is started that was not there, the embedded server apart. */
export const findDatabase = async (
  environment: Environment,
): Promise<{ databaseUrl: string; environment: Environment; isRehearsal: boolean; close(): Promise<void> }> => {
  const own = readOwnSettings(environment);
  const sandbox = hasTokens(environment) ? undefined : await runningSandbox(own.MAYDAY_DATA);
  if (own.DATABASE_URL && !sandbox)
    return { databaseUrl: own.DATABASE_URL, environment, isRehearsal: false, close: async () => {} };
  const embedded = await startEmbeddedPostgres({ folder: join(own.MAYDAY_DATA, 'postgres') });
  return {
    databaseUrl: await embedded.database(sandbox?.database ?? 'mayday'),
    environment: { ...sandbox?.environment, ...environment },
    isRehearsal: sandbox !== undefined,
    close: () => (embedded.adopted ? Promise.resolve() : embedded.close()),
  };
};
