import { appendFileSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { freePort, type Program, until, type Workshop } from './program.ts';

export const password = 'a-password-for-tests';

export interface RealPostgres {
  host: string;
  port: number;
  program: Program;
  folder: string;
}

/** Settings that keep a server small and its failures quick to see. */
const settings = (port: number, folder: string) => `
port = ${port}
listen_addresses = '127.0.0.1'
unix_socket_directories = '${folder}'
ssl = on
ssl_cert_file = '${folder}/server.crt'
ssl_key_file = '${folder}/server.key'
shared_buffers = 16MB
wal_level = replica
max_wal_senders = 8
hot_standby = on
wal_receiver_status_interval = 1s
wal_retrieve_retry_interval = 500ms
`;

/** An own role for Mayday, with no more rights than its actions say that they need. */
const grants = `
CREATE ROLE mason LOGIN PASSWORD '${password}' IN ROLE pg_signal_backend;
CREATE DATABASE blocksdb OWNER mason;
`;
export const grantsInDatabase = `
GRANT EXECUTE ON FUNCTION pg_promote(boolean, integer), pg_wal_replay_pause(), pg_wal_replay_resume() TO mason;
CREATE TABLE pulse (number integer, at timestamptz NOT NULL DEFAULT clock_timestamp());
ALTER TABLE pulse OWNER TO mason;
`;

const putCertificate = (shop: Workshop, folder: string, pair: { key: string; cert: string }) => {
  for (const [name, text] of [
    ['server.key', pair.key],
    ['server.crt', pair.cert],
  ] as const) {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    if (shop.user) chownSync(join(folder, name), shop.user.uid, shop.user.gid);
  }
};

const answers = (port: number) =>
  until(`PostgreSQL at ${port} answers`, async () => {
    await query(port, 'SELECT 1', [], 'mason', 'postgres');
  });

export const startPrimary = async (
  shop: Workshop,
  host: string,
  pair: { key: string; cert: string },
): Promise<RealPostgres> => {
  const folder = join(shop.folder, host);
  const port = await freePort();
  shop.run('initdb', ['-D', folder, '-U', 'owner', '-A', 'trust', '--no-sync', '-E', 'UTF8']);
  appendFileSync(join(folder, 'postgresql.conf'), settings(port, folder));
  writeFileSync(
    join(folder, 'pg_hba.conf'),
    'local all all trust\nhost replication owner 127.0.0.1/32 trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n',
  );
  putCertificate(shop, folder, pair);
  const program = shop.start('postgres', ['-D', folder]);
  await until('initdb answers', () =>
    shop.run('psql', ['-h', folder, '-p', `${port}`, '-U', 'owner', 'postgres', '-c', 'SELECT 1']),
  );
  const psql = (database: string, input: string) =>
    shop.run('psql', ['-v', 'ON_ERROR_STOP=1', '-h', folder, '-p', `${port}`, '-U', 'owner', database], { input });
  psql('postgres', grants);
  psql('blocksdb', grantsInDatabase);
  return { host, port, program, folder };
};

/** A standby by `pg_basebackup`, streaming from another server. */
export const startStandby = async (
  shop: Workshop,
  from: RealPostgres,
  host: string,
  pair: { key: string; cert: string },
): Promise<RealPostgres> => {
  const folder = join(shop.folder, host);
  const port = await freePort();
  const source = ['-h', '127.0.0.1', '-p', `${from.port}`, '-U', 'owner'];
  shop.run('pg_basebackup', [...source, '-D', folder, '-R', '-X', 'stream', '-c', 'fast', '--no-sync']);
  appendFileSync(join(folder, 'postgresql.conf'), settings(port, folder));
  putCertificate(shop, folder, pair);
  const program = shop.start('postgres', ['-D', folder]);
  await answers(port);
  return { host, port, program, folder };
};

/** One statement in a session of its own, as the application would. */
export const query = async (
  port: number,
  sql: string,
  values: unknown[] = [],
  user = 'mason',
  database = 'blocksdb',
  secret = password,
): Promise<Record<string, any>[]> => {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user,
    database,
    password: secret,
    ssl: { rejectUnauthorized: false },
    connectionTimeoutMillis: 2000,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end().catch(() => {});
  }
};

export const numbersIn = async (port: number, ...who: string[]): Promise<Set<number>> =>
  new Set((await query(port, 'SELECT number FROM pulse', [], ...who)).map(({ number }) => number as number));
