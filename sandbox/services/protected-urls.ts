import { mentionsOf } from '../mentions.ts';
import type { WorldPlan } from '../world-plan.ts';

/** One URL of a protected service that a plan asks, and what it says a healthy one answers. */
export interface ProtectedUrl {
  plan: WorldPlan;
  url: URL;
  method: 'GET' | 'POST';
  status: number;
  contains: string | undefined;
  /** Keys that the body of a POST must have. */
  bodyKeys: string[];
}

export const protectedUrls = (plan: WorldPlan): ProtectedUrl[] =>
  mentionsOf(plan).flatMap(({ uses, with: given }) => {
    if (!uses.startsWith('http/') || typeof given['url'] !== 'string' || !URL.canParse(given['url'])) return [];
    const method = uses.endsWith('/post') ? ('POST' as const) : ('GET' as const);
    return [
      {
        plan,
        url: new URL(given['url']),
        method,
        status: given['status'] ?? 200,
        contains: given['contains'],
        bodyKeys: Object.keys(given['body'] ?? {}),
      },
    ];
  });
