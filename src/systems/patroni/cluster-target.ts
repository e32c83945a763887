import { z } from 'zod';
import type { Permission, PlanView } from '../../define.ts';
import { curlLine } from '../curl-line.ts';
import { shellLine } from '../shell-line.ts';

export const patroniKind = 'patroni-cluster';

export interface ClusterTarget {
  component: string;
  api: string[];
  scope?: string;
  login?: { user: string; password: { env: string } };
}

export const clusterWritten = { component: z.string(), at: z.string() };

export const clusterInput = {
  component: z.string(),
  api: z.array(z.string()),
  scope: z.string().optional(),
  login: z.strictObject({ user: z.string(), password: z.strictObject({ env: z.string() }) }).optional(),
};

export const resolveCluster = (written: { component: string; at: string }, plan: PlanView): ClusterTarget => {
  const component = plan.component(written.component, patroniKind);
  const at = component.at[written.at] as { api: string[]; scope?: string } | undefined;
  if (!at) {
    const places = Object.keys(component.at).filter((place) => component.at[place] !== undefined);
    throw new Error(`component ${component.name} is not in ${written.at}; it is in ${places.join(', ') || 'no place'}`);
  }
  const login = component.settings['login'] as ClusterTarget['login'];
  return { component: component.name, api: at.api, ...(at.scope && { scope: at.scope }), ...(login && { login }) };
};

/** Claims go by the whole cluster: whatever is done to it concerns every member. */
export const clusterResource = ({ component, scope, api }: ClusterTarget): string =>
  `patroni:${scope ?? new URL(api[0]!).host}/${component}`;

export const clusterPermission = ({ api, login }: ClusterTarget, action: string): Permission[] => [
  { system: 'patroni', action, resource: `${api[0]}${login ? ` as ${login.user}` : ''}` },
];

/** With `patronictl` where the plan names the scope, as it asks for one; else by the API. */
export const patroniLine = (
  target: ClusterTarget,
  deed: string[],
  call: { path: string; method: string; body: object },
) =>
  target.scope
    ? shellLine('patronictl', deed[0]!, target.scope, ...deed.slice(1))
    : curlLine(
        call.method,
        `${target.api[0]}${call.path}`,
        target.login
          ? { Authorization: `Basic $(printf %s ${target.login.user}:$${target.login.password.env} | base64)` }
          : {},
        call.body,
      );
