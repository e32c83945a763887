import { z } from 'zod';
import type { Permission, PlanView } from '../../define.ts';
import { shellLine } from '../shell-line.ts';

export const clickhouseKind = 'clickhouse';

export interface ClickhouseTarget {
  component: string;
  url: string;
  database: string;
  user: string;
  password?: { env: string };
  tables?: string[];
}

const secret = z.strictObject({ env: z.string() });

export const clickhouseWritten = { component: z.string(), at: z.string() };

export const clickhouseInput = {
  component: z.string(),
  url: z.string(),
  database: z.string(),
  user: z.string(),
  password: secret.optional(),
  tables: z.array(z.string()).optional(),
};

export const clickhouseSettingsOfKind = {
  database: z.string().default('default'),
  user: z.string().default('default'),
  password: secret.optional(),
  /** Whose replication counts; all replicated ones of the database unless said. */
  tables: z.array(z.string()).min(1).optional(),
};

export const clickhouseTargets = ['component', 'url', 'database', 'user'];

export const resolveClickhouse = (written: { component: string; at: string }, plan: PlanView): ClickhouseTarget => {
  const component = plan.component(written.component, clickhouseKind);
  const url = component.at[written.at] as string | undefined;
  if (!url) {
    const places = Object.keys(component.at).filter((place) => component.at[place] !== undefined);
    throw new Error(`component ${component.name} is not in ${written.at}; it is in ${places.join(', ') || 'no place'}`);
  }
  const { database, user, password, tables } = component.settings as z.infer<
    z.ZodObject<typeof clickhouseSettingsOfKind>
  >;
  return {
    component: component.name,
    url,
    database,
    user,
    ...(password && { password }),
    ...(tables && { tables }),
  };
};

export const clickhouseResource = ({ url, database }: ClickhouseTarget): string =>
  `clickhouse:${new URL(url).host}/${database}`;

export const clickhousePermission = ({ user, database }: ClickhouseTarget, action: string): Permission[] => [
  { system: 'clickhouse', action, resource: `${database} as ${user}` },
];

export const quoteName = (name: string): string => `\`${name.replace(/[\\`]/g, '\\$&')}\``;
export const quoteText = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

/** The line that a person would type. The password stays in its variable. */
export const clickhouseLine = ({ url, database, user, password }: ClickhouseTarget, sql: string): string => {
  const { hostname, protocol } = new URL(url);
  const line = shellLine(
    'clickhouse-client',
    '--host',
    hostname,
    ...(protocol === 'https:' ? ['--secure'] : []),
    '--user',
    user,
    '--database',
    database,
  );
  return `${line}${password ? ` --password "$${password.env}"` : ''} ${shellLine('--query', sql)}`;
};
