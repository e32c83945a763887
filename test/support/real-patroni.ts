import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { familyOf, freePort, lives, type Program, until, type Workshop } from './program.ts';

export interface RealMember {
  name: string;
  api: string;
  port: number;
  /** Ends its PostgreSQL and its Patroni as a power cut does. */
  kill(): Promise<void>;
  /** Starts its Patroni again. */
  start(): void;
}

export interface RealPatroni {
  members: RealMember[];
  /** Of the member that says itself that it leads; throws when nobody does. */
  leader(): Promise<RealMember>;
}

export const apiPassword = 'an-api-password-for-tests';
export const ownerPassword = 'an-owner-password-for-tests';

/** The shortest that Patroni takes, as tests wait for it. */
const timeToLive = 20;

/** A cluster of real members with one etcd, as Debian packages them. */
export const startPatroniCluster = async (shop: Workshop, names: string[]): Promise<RealPatroni> => {
  const [client, peer] = [await freePort(), await freePort()];
  const etcd = `http://127.0.0.1:${client}`;
  shop.start('etcd', [
    '--data-dir',
    join(shop.folder, 'etcd'),
    '--listen-client-urls',
    etcd,
    '--advertise-client-urls',
    etcd,
    '--listen-peer-urls',
    `http://127.0.0.1:${peer}`,
    '--initial-advertise-peer-urls',
    `http://127.0.0.1:${peer}`,
    '--initial-cluster',
    `default=http://127.0.0.1:${peer}`,
  ]);
  await until('etcd answers', async () => {
    if (!(await fetch(`${etcd}/health`)).ok) throw new Error('not healthy');
  });
  const members: RealMember[] = [];
  const leader = async (): Promise<RealMember> => {
    const found = await Promise.any(
      members.map(async (member) => {
        const answer = await fetch(`${member.api}/primary`, { signal: AbortSignal.timeout(1000) });
        if (answer.status !== 200) throw new Error(`${member.name} does not lead`);
        return member;
      }),
    );
    return found;
  };
  for (const name of names) {
    members.push(await startMember(shop, name, client));
    // The first one makes the database, and the others copy it.
    if (members.length === 1) await until('the first member leads', () => leader(), 60);
  }
  await until(
    'everybody follows',
    async () => {
      const cluster = (await (await fetch(`${members[0]!.api}/cluster`)).json()) as any;
      const lagging = cluster.members.filter((member: any) => member.role !== 'leader' && member.lag !== 0);
      const up = cluster.members.filter((member: any) => ['running', 'streaming'].includes(member.state));
      if (up.length < names.length || lagging.length > 0) throw new Error(JSON.stringify(cluster));
    },
    60,
  );
  return { members, leader };
};

const startMember = async (shop: Workshop, name: string, etcdPort: number): Promise<RealMember> => {
  const [api, port] = [await freePort(), await freePort()];
  const folder = join(shop.folder, name);
  const sockets = join(shop.folder, `${name}-run`);
  shop.run('mkdir', ['-m', '700', sockets]);
  const login = (username: string) => ({ username, password: ownerPassword });
  const config = {
    scope: 'real',
    name,
    restapi: {
      listen: `127.0.0.1:${api}`,
      connect_address: `127.0.0.1:${api}`,
      authentication: { username: 'patroni', password: apiPassword },
    },
    etcd3: { host: `127.0.0.1:${etcdPort}` },
    bootstrap: {
      dcs: {
        ttl: timeToLive,
        loop_wait: 1,
        retry_timeout: 3,
        maximum_lag_on_failover: 1_048_576,
        postgresql: { use_pg_rewind: true, parameters: { wal_keep_size: '64MB', max_connections: 40 } },
      },
      initdb: [{ encoding: 'UTF8' }, 'data-checksums', 'no-sync'],
    },
    postgresql: {
      listen: `127.0.0.1:${port}`,
      connect_address: `127.0.0.1:${port}`,
      data_dir: folder,
      pgpass: join(shop.folder, `${name}.pgpass`),
      authentication: { superuser: login('owner'), replication: login('replicator'), rewind: login('rewinder') },
      pg_hba: [
        'local all all trust',
        'host replication replicator 127.0.0.1/32 scram-sha-256',
        'host all all 127.0.0.1/32 scram-sha-256',
      ],
      parameters: { unix_socket_directories: sockets, shared_buffers: '16MB' },
    },
  };
  // YAML takes JSON as it is.
  writeFileSync(join(shop.folder, `${name}.yml`), JSON.stringify(config), { mode: 0o644 });
  let program: Program;
  const start = () => {
    program = shop.start('patroni', [join(shop.folder, `${name}.yml`)]);
  };
  start();
  return {
    name,
    api: `http://127.0.0.1:${api}`,
    port,
    start,
    async kill() {
      // PostgreSQL is no child of Patroni's, so both are ended, and at once.
      const postmaster = Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[0]);
      const all = familyOf(postmaster);
      await program.end('SIGKILL');
      for (const pid of all)
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // A connection's process may have ended by itself.
        }
      while (all.some(lives)) await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
};
