import { randomBytes } from 'node:crypto';
import { mentionsOf } from './mentions.ts';
import type { WorldPlan } from './world-plan.ts';

/** A made-up value for every `{ env: NAME }` in the plans' components; the servers really check them. */
export const makeSecrets = (plans: WorldPlan[]): Record<string, string> => {
  const secrets: Record<string, string> = {};
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    const { env } = value as { env?: unknown };
    if (typeof env === 'string' && Object.keys(value).length === 1) {
      secrets[env] ??= randomBytes(15).toString('base64url');
      return;
    }
    for (const inner of Object.values(value)) visit(inner);
  };
  for (const plan of plans) {
    visit(plan.components);
    // Headers of webhooks name their variables outright.
    for (const { with: given } of mentionsOf(plan))
      for (const env of Object.values(given['header-env'] ?? {})) visit({ env });
  }
  return secrets;
};
