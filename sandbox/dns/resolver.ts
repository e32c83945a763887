import type { WorldClock } from '../clock.ts';

export interface DnsAnswer {
  values: string[];
  /** What is left of its life, in world seconds. */
  ttlSeconds: number;
}

/** A caching resolver: keeps an answer for its whole time to live, whatever the name servers say meanwhile. */
export interface Resolver {
  resolve(name: string, type: string): DnsAnswer | undefined;
  /** World seconds until nothing that was cached before now is given for that name. */
  staleFor(name: string): number;
}

export const createResolver = (
  clock: WorldClock,
  authority: (name: string, type: string) => DnsAnswer | undefined,
): Resolver => {
  const cache = new Map<string, { name: string; values: string[]; until: number }>();
  return {
    resolve(name, type) {
      const key = `${name.toLowerCase()} ${type}`;
      const now = clock.now().getTime();
      const cached = cache.get(key);
      if (cached && cached.until > now) {
        return { values: cached.values, ttlSeconds: Math.ceil((cached.until - now) / 1000) };
      }
      const answer = authority(name, type);
      if (answer)
        cache.set(key, { name: name.toLowerCase(), values: answer.values, until: now + answer.ttlSeconds * 1000 });
      return answer;
    },
    staleFor(name) {
      const now = clock.now().getTime();
      const ends = [...cache.values()].filter((entry) => entry.name === name.toLowerCase()).map(({ until }) => until);
      return Math.max(0, ...ends.map((until) => (until - now) / 1000));
    },
  };
};
