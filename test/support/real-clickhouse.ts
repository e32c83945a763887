import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, until, type Workshop } from './program.ts';

export const clickhousePassword = 'a-clickhouse-password-for-tests';

/** A single server with a user of its own; without ZooKeeper it has no replicated table. */
export const startClickhouse = async (shop: Workshop): Promise<string> => {
  const [http, tcp] = [await freePort(), await freePort()];
  const users = join(shop.folder, 'users.xml');
  writeFileSync(
    users,
    `<yandex><profiles><default></default></profiles><quotas><default></default></quotas>
     <users><analyst><password>${clickhousePassword}</password><networks><ip>127.0.0.1</ip></networks>
     <profile>default</profile><quota>default</quota></analyst></users></yandex>`,
  );
  const config = join(shop.folder, 'config.xml');
  writeFileSync(
    config,
    `<yandex><logger><level>warning</level><console>1</console></logger>
     <http_port>${http}</http_port><tcp_port>${tcp}</tcp_port><listen_host>127.0.0.1</listen_host>
     <path>${shop.folder}/data/</path><tmp_path>${shop.folder}/tmp/</tmp_path>
     <users_config>${users}</users_config><default_profile>default</default_profile>
     <default_database>default</default_database><mark_cache_size>67108864</mark_cache_size></yandex>`,
  );
  shop.start('clickhouse-server', ['--config-file', config]);
  const url = `http://127.0.0.1:${http}`;
  await until('ClickHouse answers', async () => {
    if (!(await fetch(`${url}/ping`)).ok) throw new Error('not yet');
  });
  return url;
};

export const runSql = async (url: string, sql: string): Promise<string> => {
  const headers = { 'x-clickhouse-user': 'analyst', 'x-clickhouse-key': clickhousePassword };
  const answer = await fetch(url, { method: 'POST', headers, body: sql });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
};
