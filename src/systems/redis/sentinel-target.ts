import { z } from 'zod';
import type { Permission, PlanView } from '../../define.ts';

export const sentinelKind = 'redis-sentinel';

export interface SentinelTarget {
  component: string;
  sentinels: string[];
  master: string;
  user?: string;
  password?: { env: string };
  sentinelPassword?: { env: string };
  probeKey?: string;
  tls: boolean;
}

const secret = z.strictObject({ env: z.string() });

export const sentinelWritten = { component: z.string(), at: z.string() };

export const sentinelInput = {
  component: z.string(),
  sentinels: z.array(z.string()),
  master: z.string(),
  user: z.string().optional(),
  password: secret.optional(),
  sentinelPassword: secret.optional(),
  probeKey: z.string().optional(),
  tls: z.boolean(),
};

export const sentinelSettings = {
  user: z.string().optional(),
  /** Of the data nodes. */
  password: secret.optional(),
  'sentinel-password': secret.optional(),
  /** A key that may be written to prove that a master takes writes; it expires by itself. */
  'probe-key': z.string().min(1).optional(),
  tls: z.boolean().default(false),
};

export const sentinelTargets = ['component', 'sentinels', 'master'];

export const resolveSentinel = (written: { component: string; at: string }, plan: PlanView): SentinelTarget => {
  const component = plan.component(written.component, sentinelKind);
  const at = component.at[written.at] as { sentinels: string[]; master: string } | undefined;
  if (!at) {
    const places = Object.keys(component.at).filter((place) => component.at[place] !== undefined);
    throw new Error(`component ${component.name} is not in ${written.at}; it is in ${places.join(', ') || 'no place'}`);
  }
  const settings = component.settings as z.infer<z.ZodObject<typeof sentinelSettings>>;
  return {
    component: component.name,
    sentinels: at.sentinels,
    master: at.master,
    ...(settings.user && { user: settings.user }),
    ...(settings.password && { password: settings.password }),
    ...(settings['sentinel-password'] && { sentinelPassword: settings['sentinel-password'] }),
    ...(settings['probe-key'] && { probeKey: settings['probe-key'] }),
    tls: settings.tls,
  };
};

export const sentinelResource = ({ sentinels, master }: SentinelTarget): string => `redis:${sentinels[0]}/${master}`;

export const sentinelPermission = ({ sentinels, master }: SentinelTarget, action: string): Permission[] => [
  { system: 'redis', action, resource: `${master} at ${sentinels.join(', ')}` },
];
