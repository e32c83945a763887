import { getServers } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import type { SystemTools } from '../../define.ts';
import { dnsFailure, isNoRecord } from './errors.ts';

export type RecordType = 'A' | 'AAAA' | 'CNAME';

/** What one resolver answered; no values when it says that there is no such record. */
export interface ResolverAnswer {
  resolver: string;
  values: string[];
}

export interface Resolvers {
  /** Asks every configured resolver by itself; those that do not answer throw. */
  ask(name: string, type: RecordType): Promise<PromiseSettledResult<ResolverAnswer>[]>;
}

const answerMilliseconds = 1500;
const tries = 2;

export const createResolvers = (tools: SystemTools): Resolvers => ({
  ask(name, type) {
    const servers = tools.dialler.dnsServers.length > 0 ? tools.dialler.dnsServers : getServers();
    return Promise.allSettled(servers.map((server) => askOne(server, name, type)));
  },
});

const askOne = async (server: string, name: string, type: RecordType): Promise<ResolverAnswer> => {
  const resolver = new Resolver({ timeout: answerMilliseconds, tries });
  resolver.setServers([server]);
  try {
    const values = await (type === 'CNAME'
      ? resolver.resolveCname(name)
      : type === 'AAAA'
        ? resolver.resolve6(name)
        : resolver.resolve4(name));
    return { resolver: server, values };
  } catch (error) {
    if (isNoRecord(error)) return { resolver: server, values: [] };
    throw dnsFailure(error, server);
  }
};
