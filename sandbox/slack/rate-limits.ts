import type { WorldClock } from '../clock.ts';

export type Tier = 1 | 2 | 3 | 4 | 'post' | 'special';

/** Calls a minute; `post` is one a second for each channel with a short burst allowed. */
const perMinute: Record<Tier, number> = { 1: 1, 2: 20, 3: 50, 4: 100, post: 60, special: 600 };
const burst: Record<Tier, number> = { 1: 1, 2: 20, 3: 50, 4: 100, post: 10, special: 600 };

/**
 * Slack's limits by the world's time, as a bucket for each method (and channel). Returns how many wall seconds to
 * wait, or 0 when the call may go on.
 */
export const createRateLimits = (clock: WorldClock) => {
  const buckets = new Map<string, { left: number; at: number }>();
  return (method: string, tier: Tier, channel: string | undefined): number => {
    const key = tier === 'post' ? `${method} ${channel}` : method;
    const now = clock.now().getTime() / 1000;
    const bucket = buckets.get(key) ?? { left: burst[tier], at: now };
    bucket.left = Math.min(burst[tier], bucket.left + ((now - bucket.at) * perMinute[tier]) / 60);
    bucket.at = now;
    buckets.set(key, bucket);
    if (bucket.left >= 1) {
      bucket.left -= 1;
      return 0;
    }
    const worldSeconds = ((1 - bucket.left) * 60) / perMinute[tier];
    return Math.max(1, Math.ceil(worldSeconds / clock.speed));
  };
};
