import { z } from 'zod';
import type { Permission, PlanView } from '../../define.ts';

export const streamKind = 'nats-stream';

export interface StreamTarget {
  component: string;
  servers: string[];
  stream: string;
  subjects: string[];
  user?: string;
  password?: { env: string };
}

const secret = z.strictObject({ env: z.string() });

export const streamWritten = { component: z.string(), at: z.string() };

export const streamInput = {
  component: z.string(),
  servers: z.array(z.string()),
  stream: z.string(),
  subjects: z.array(z.string()),
  user: z.string().optional(),
  password: secret.optional(),
};

export const streamSettings = {
  /** What the stream takes once it is a source of its own. */
  subjects: z.array(z.string().regex(/^[^\s]+$/)).min(1),
  user: z.string().optional(),
  password: secret.optional(),
};

export const streamTargets = ['component', 'servers', 'stream', 'subjects'];

export const resolveStream = (written: { component: string; at: string }, plan: PlanView): StreamTarget => {
  const component = plan.component(written.component, streamKind);
  const at = component.at[written.at] as { servers: string[]; stream: string } | undefined;
  if (!at) {
    const places = Object.keys(component.at).filter((place) => component.at[place] !== undefined);
    throw new Error(`component ${component.name} is not in ${written.at}; it is in ${places.join(', ') || 'no place'}`);
  }
  const { subjects, user, password } = component.settings as z.infer<z.ZodObject<typeof streamSettings>>;
  return {
    component: component.name,
    servers: at.servers,
    stream: at.stream,
    subjects,
    ...(user !== undefined && { user }),
    ...(password && { password }),
  };
};

export const streamResource = ({ servers, stream }: StreamTarget): string =>
  `nats:${new URL(servers[0]!).host}/${stream}`;

export const streamPermission = ({ servers, stream }: StreamTarget, action: string): Permission[] => [
  { system: 'nats', action, resource: `${stream} at ${servers.join(', ')}` },
];
