import type { Call } from './client.ts';

/** The lines of `INFO replication` by name. */
export const readReplication = async (call: Call): Promise<Record<string, string>> =>
  Object.fromEntries(
    String(await call('INFO', 'replication'))
      .split(/\r?\n/)
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );

export interface ReplicaFacts {
  address: string;
  online: boolean;
  /** Seconds since it last said how far it is. */
  lagSeconds: number;
  behindBytes: number;
}

/** `slave0:ip=…,port=…,state=online,offset=…,lag=…` */
export const replicasOf = (replication: Record<string, string>): ReplicaFacts[] =>
  Object.entries(replication).flatMap(([name, value]) => {
    if (!/^slave\d+$/.test(name)) return [];
    const facts = Object.fromEntries(value.split(',').map((pair) => pair.split('=') as [string, string]));
    return [
      {
        address: `${facts['ip']}:${facts['port']}`,
        online: facts['state'] === 'online',
        lagSeconds: Number(facts['lag'] ?? 0),
        behindBytes: Math.max(0, Number(replication['master_repl_offset'] ?? 0) - Number(facts['offset'] ?? 0)),
      },
    ];
  });

const probeSeconds = 60;

/** A master by its own word, and where a key may be written also by a write. */
export const provesMaster = async (call: Call, probeKey: string | undefined, value: string): Promise<boolean> => {
  const [role] = (await call('ROLE')) as string[];
  if (role !== 'master') return false;
  if (probeKey === undefined) return true;
  return (await call('SET', probeKey, value, 'EX', probeSeconds)) === 'OK';
};
