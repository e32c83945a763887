import type { LookContext, SystemTools } from '../../define.ts';
import { MaydayError, messageOf } from '../../errors.ts';
import { createHttpClient, type HttpAnswer } from '../http-client.ts';
import { lookSignal } from '../look-signal.ts';
import { type ClusterFacts, clusterSchema, type Member } from './cluster-facts.ts';
import type { ClusterTarget } from './cluster-target.ts';
import { patroniFailure } from './errors.ts';

export interface Patroni {
  /** What the first member that answers says of the cluster. Members are asked together: some may be dead. */
  cluster(target: ClusterTarget, context: LookContext): Promise<ClusterFacts>;
  /** The dynamic configuration, which all members share. */
  config(target: ClusterTarget, context: LookContext): Promise<Record<string, any>>;
  /** Whether a member itself says that it leads and takes writes; it does not when it cannot be asked. */
  takesWrites(member: Member, context: LookContext): Promise<boolean>;
  /** Sent to one member that answers, once. Resolves with what it said; refusals throw. */
  change(
    target: ClusterTarget,
    call: { method: 'POST' | 'PATCH'; path: string; body: object },
    signal: AbortSignal,
    context: LookContext,
  ): Promise<HttpAnswer>;
}

/** Wall milliseconds for a member to say who it is; a dead one must not cost the others their time. */
const memberMilliseconds = 2000;

export const createPatroni = (tools: SystemTools): Patroni => {
  const http = createHttpClient(tools);
  const get = async (url: string, signal: AbortSignal): Promise<unknown> => {
    const answer = await http.ask({ method: 'GET', url }, signal);
    if (answer.status !== 200) throw patroniFailure(answer, `GET ${url}`, false);
    return JSON.parse(answer.body);
  };
  const first = async <T>(target: ClusterTarget, use: (base: string) => Promise<T>): Promise<T> => {
    try {
      return await Promise.any(target.api.map((url) => use(baseOf(url))));
    } catch (error) {
      const { errors } = error as AggregateError;
      const [one] = errors;
      if (one instanceof MaydayError && one.code === 'system/refused') throw one;
      throw new MaydayError(
        'system/unavailable',
        `no member of ${target.component} answers: ${[...new Set(errors.map(messageOf))].join('; ')}`,
      );
    }
  };
  const fromAny = (target: ClusterTarget, path: string, context: LookContext) =>
    first(target, (base) => get(`${base}${path}`, lookSignal(context)));
  const authorization = ({ login, component }: ClusterTarget): Record<string, string> => {
    if (!login) return {};
    const password = tools.secret(login.password, `signing in to Patroni of ${component}`);
    return { authorization: `Basic ${Buffer.from(`${login.user}:${password}`).toString('base64')}` };
  };
  return {
    cluster: async (target, context) => clusterSchema.parse(await fromAny(target, '/cluster', context)),
    config: async (target, context) => (await fromAny(target, '/config', context)) as Record<string, any>,
    async takesWrites({ api_url: url }, context) {
      if (!url) return false;
      try {
        const answer = await http.ask(
          { method: 'GET', url: `${new URL(url).origin}/primary` },
          lookSignal(context, memberMilliseconds),
        );
        const { role, state } = JSON.parse(answer.body) as { role?: string; state?: string };
        return answer.status === 200 && state === 'running' && (role === 'master' || role === 'primary');
      } catch {
        return false;
      }
    },
    async change(target, { method, path, body }, signal, context) {
      const base = await first(target, async (url) => {
        await get(`${url}/cluster`, lookSignal(context, memberMilliseconds));
        return url;
      });
      const headers = authorization(target);
      const call = { method, url: `${base}${path}`, body: JSON.stringify(body), headers, changing: true };
      const answer = await http.ask(call, signal);
      if (answer.status >= 300) throw patroniFailure(answer, `${method} ${base}${path}`, true);
      return answer;
    },
  };
};

const baseOf = (url: string): string => url.replace(/\/+$/, '');
