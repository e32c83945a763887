import { readFileSync } from 'node:fs';
import type { Dialler } from './define.ts';
import { MaydayError } from './errors.ts';

/**
 * The one place that decides where a host of a plan is really reached, so that every hostname can be pointed elsewhere
 * without editing the plan. `hosts` is `name:port=address:port,…`; `*.name` covers every name below it.
 */
export const createDialler = (settings: { hosts?: string; authorityFile?: string; dnsServers?: string }): Dialler => {
  type Reached = ReturnType<Dialler['reach']>;
  const exact = new Map<string, Reached>();
  const below: { suffix: string; port: string; to: Reached }[] = [];
  for (const entry of (settings.hosts ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter(Boolean)) {
    const match = /^(\*?[^:=\s]+):(\d+)=([^:=\s]+):(\d+)$/.exec(entry);
    if (!match)
      throw new MaydayError(
        'config/invalid',
        `MAYDAY_HOSTS has "${entry}"; expected name:port=address:port, separated by commas.`,
      );
    const [, name, port, host, toPort] = match as unknown as [string, string, string, string, string];
    const to: Reached = { host, port: Number(toPort), mapped: true };
    if (name.startsWith('*.')) below.push({ suffix: name.slice(1).toLowerCase(), port, to });
    else exact.set(`${name.toLowerCase()}:${port}`, to);
  }
  let authority: string | undefined;
  if (settings.authorityFile) {
    try {
      authority = readFileSync(settings.authorityFile, 'utf8');
    } catch (cause) {
      throw new MaydayError(
        'config/invalid',
        `MAYDAY_CA names ${settings.authorityFile}, which cannot be read; it is a PEM file of the authority to trust.`,
        { cause },
      );
    }
  }
  return {
    reach(host, port) {
      const name = host.toLowerCase();
      return (
        exact.get(`${name}:${port}`) ??
        below.find((entry) => entry.port === String(port) && name.endsWith(entry.suffix))?.to ?? { host, port }
      );
    },
    authority,
    dnsServers: (settings.dnsServers ?? '')
      .split(',')
      .map((text) => text.trim())
      .filter(Boolean),
  };
};
