import { z } from 'zod';
import type { ComponentView, Permission, PlanView } from '../../define.ts';
import { shellLine } from '../shell-line.ts';
import { sqlSettings } from '../sql-settings.ts';
import type { DatabaseTarget } from './client.ts';

/** What every check of a database writes: a component and a place of it, or another host with the same data. */
export const targetWritten = {
  component: z.string(),
  at: z.string().optional(),
  host: z.string().optional(),
};

export const targetInput = {
  host: z.string(),
  port: z.int(),
  database: z.string(),
  user: z.string(),
  password: z.strictObject({ env: z.string() }),
};

export const resolveTarget = (
  written: { component: string; at?: string; host?: string },
  plan: PlanView,
): DatabaseTarget => {
  const component = plan.component(written.component);
  const { name, settings } = component;
  const sql = sqlSettings.sql.safeParse(settings['sql']).data;
  if (!sql) throw new Error(`component ${name} needs sql: { database, user, password: { env } } to be asked`);
  if ((written.at === undefined) === (written.host === undefined)) {
    throw new Error(`say either at: (a place) or host: for component ${name}`);
  }
  const host = written.host ?? hostIn(component, written.at!);
  if (!host) throw new Error(`component ${name} has no host in ${written.at}; it needs one under hosts:`);
  return { host, port: (settings['port'] as number | undefined) ?? 5432, ...sql };
};

/** The name under which clients reach a component in a place. What a managed instance is called there is no host. */
const hostIn = ({ kind, at, settings }: ComponentView, place: string): string | undefined => {
  const hosts = (settings['hosts'] ?? {}) as Record<string, string>;
  if (hosts[place] !== undefined) return hosts[place];
  if (kind === streamingKind) return at[place] as string | undefined;
  return at[place] === undefined ? undefined : (settings['host'] as string | undefined);
};

/** The kind whose places are hosts themselves. */
export const streamingKind = 'postgres-streaming';

export const connectPermission = ({ database, user }: DatabaseTarget, action: string): Permission[] => [
  { system: 'sql', action, resource: `${database} as ${user}` },
];

/** The beginning of the line that a person would type. The password stays in its variable. */
export const psqlLine = (target: DatabaseTarget, ...statements: string[]): string => {
  const { host, port, database, user, password } = target;
  const connection = `host=${host} port=${port} dbname=${database} user=${user} sslmode=verify-full`;
  return `PGPASSWORD="$${password.env}" ${shellLine('psql', connection, ...statements.flatMap((sql) => ['--command', sql]))}`;
};
