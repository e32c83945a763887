import { MaydayError } from '../../errors.ts';
import type { Call } from './client.ts';

/** What one Sentinel says of a master. */
export interface MasterView {
  sentinel: string;
  /** Where clients are sent. During a failover already the new one. */
  address: string;
  /** What the Sentinel itself still calls the master; differs from the address until a failover is through. */
  monitored: string;
  /** For how long it has been the master, as far as this Sentinel remembers. */
  ageMilliseconds: number;
  /** Rises with each failover; of two Sentinels the one with the higher figure knows more. */
  epoch: number;
  flags: string[];
  replicas: number;
  otherSentinels: number;
  quorum: number;
}

/** A flat list of names and values, as RESP 2 has maps. */
const asRecord = (flat: string[]): Record<string, string> => {
  const record: Record<string, string> = {};
  for (let at = 0; at + 1 < flat.length; at += 2) record[flat[at]!] = flat[at + 1]!;
  return record;
};

export const readView = async (sentinel: string, master: string, call: Call): Promise<MasterView> => {
  const address: string[] | null = await call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master);
  if (!address) throw new MaydayError('system/refused', `${sentinel} watches no master called ${master}`);
  const facts = asRecord(await call('SENTINEL', 'MASTER', master));
  return {
    sentinel,
    address: address.join(':'),
    monitored: `${facts['ip']}:${facts['port']}`,
    ageMilliseconds: Number(facts['role-reported-time'] ?? 0),
    epoch: Number(facts['config-epoch'] ?? 0),
    flags: (facts['flags'] ?? '').split(','),
    replicas: Number(facts['num-slaves'] ?? 0),
    otherSentinels: Number(facts['num-other-sentinels'] ?? 0),
    quorum: Number(facts['quorum'] ?? 0),
  };
};

export interface Master {
  address: string;
  /** It became the master within so many milliseconds; the longest that any Sentinel remembers. */
  ageMilliseconds: number;
  failingOver: boolean;
}

/**
 * Who is the master, by those Sentinels that know of the latest failover. A Sentinel that was restarted believes that
 * everything began then, so the longest memory counts.
 */
export const masterOf = (views: MasterView[]): Master => {
  const epoch = Math.max(...views.map((view) => view.epoch));
  const latest = views.filter((view) => view.epoch === epoch);
  const moving = latest.find((view) => view.address !== view.monitored);
  const { address } = moving ?? latest[0]!;
  const agreeing = views.filter((view) => view.address === address && view.monitored === address);
  return {
    address,
    ageMilliseconds: moving ? 0 : Math.max(...agreeing.map((view) => view.ageMilliseconds)),
    failingOver: views.some(({ flags }) => flags.includes('failover_in_progress')),
  };
};
