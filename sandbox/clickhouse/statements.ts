/** One ClickHouse server of the world. */
export interface ClickhouseServer {
  component: string;
  place: string;
  region: string;
  url: URL;
  user: string;
  password: string | undefined;
  database: string;
  fetching: boolean;
  /** Rows of each table. The replicated ones say how far they are behind. */
  tables: Map<string, { rows: number; replicated: boolean; readonly: boolean; delaySeconds: number; queue: number }>;
  /** Tables of its memory that somebody has made: their rows, newest last. */
  memory: Map<string, string[][]>;
}

/** An error as ClickHouse words it. */
export class ClickhouseError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

const name = '`?(\\w+)`?';
const text = "'((?:[^'\\\\]|\\\\.)*)'";
const unescaped = (quoted: string) => quoted.replaceAll(/\\(.)/g, '$1');

/** The statements that are understood, each with what it gives: rows, or nothing for a change. */
const statements: [RegExp, (server: ClickhouseServer, parts: string[], accept: Accept) => object[] | undefined][] = [
  [/^SELECT version\(\) AS version$/, () => [{ version: '24.8.4.13' }]],
  [
    new RegExp(`^SELECT count\\(\\) AS rows FROM ${name}$`),
    (server, [table = '']) => [{ rows: String(tableOf(server, table).rows) }],
  ],
  [
    new RegExp(
      `^SELECT table, is_readonly, absolute_delay, queue_size FROM system\\.replicas WHERE database = ${text}(?: AND table IN \\((.*)\\))? ORDER BY table$`,
    ),
    (server, [database, wanted]) =>
      [...server.tables]
        .filter(([table, { replicated }]) => {
          if (!replicated || database !== server.database) return false;
          return wanted === undefined || wanted.includes(`'${table}'`);
        })
        .sort(([one], [other]) => one.localeCompare(other))
        .map(([table, { readonly, delaySeconds, queue }]) => ({
          table,
          is_readonly: readonly ? 1 : 0,
          absolute_delay: String(delaySeconds),
          queue_size: queue,
        })),
  ],
  [
    new RegExp(`^SELECT count\\(\\) AS found FROM system\\.tables WHERE database = ${text} AND name = ${text}$`),
    (server, [database, table = '']) => [
      { found: database === server.database && (server.tables.has(table) || server.memory.has(table)) ? '1' : '0' },
    ],
  ],
  [
    /^SYSTEM (STOP|START) FETCHES$/,
    (server, [deed], accept) => {
      server.fetching = deed === 'START';
      accept(deed === 'START' ? 'StartFetches' : 'StopFetches');
      return undefined;
    },
  ],
  [
    new RegExp(`^CREATE TABLE IF NOT EXISTS ${name}\\.${name} \\(.+\\) ENGINE = Memory$`),
    (server, [database = '', table = '']) => {
      needDatabase(server, database);
      if (!server.memory.has(table)) server.memory.set(table, []);
      return undefined;
    },
  ],
  [
    new RegExp(`^INSERT INTO ${name}\\.${name} SELECT ${text}, ${text}, count\\(\\) FROM ${name}\\.${name}$`),
    (server, [database = '', table = '', state = '', step = '']) => {
      needDatabase(server, database);
      memoryOf(server, table).push([unescaped(state), unescaped(step)]);
      return undefined;
    },
  ],
  [
    new RegExp(`^SELECT state, step FROM ${name}\\.${name} ORDER BY number DESC LIMIT 1$`),
    (server, [database = '', table = '']) => {
      needDatabase(server, database);
      const last = memoryOf(server, table).at(-1);
      return last ? [{ state: last[0], step: last[1] }] : [];
    },
  ],
];

type Accept = (change: string) => void;

const needDatabase = (server: ClickhouseServer, database: string): void => {
  if (database !== server.database)
    throw new ClickhouseError(81, `Database ${database} does not exist. (UNKNOWN_DATABASE)`);
};
const unknownTable = (server: ClickhouseServer, table: string) =>
  new ClickhouseError(60, `Table ${server.database}.${table} does not exist. (UNKNOWN_TABLE)`);
const tableOf = (server: ClickhouseServer, table: string) => {
  const found = server.tables.get(table);
  if (!found) throw unknownTable(server, table);
  return found;
};
const memoryOf = (server: ClickhouseServer, table: string) => {
  const found = server.memory.get(table);
  if (!found) throw unknownTable(server, table);
  return found;
};

/** What a statement gives, as lines of JSON; nothing for a change. */
export const execute = (server: ClickhouseServer, sql: string, accept: Accept): string => {
  const [, statement = '', format] = /^([\s\S]*?)(?: FORMAT (\w+))?$/.exec(sql.trim()) ?? [];
  for (const [pattern, run] of statements) {
    const found = pattern.exec(statement);
    if (!found) continue;
    const rows = run(server, found.slice(1), accept);
    if (rows === undefined) return '';
    if (format !== 'JSONEachRow') throw new ClickhouseError(73, `Unknown format ${format}. (UNKNOWN_FORMAT)`);
    return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  }
  throw new ClickhouseError(62, `Syntax error: failed at position 1 ('${statement.split(' ')[0]}'). (SYNTAX_ERROR)`);
};
