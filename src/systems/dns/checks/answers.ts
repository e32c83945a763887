import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import type { Resolvers } from '../client.ts';

/** Those that lead a name to one value for each place. */
const kinds = ['route53-record', 'route53-failover', 'route53-alias', 'cloudflare-record'];
const types = z.enum(['A', 'AAAA', 'CNAME']);

/** Whether every resolver that is asked leads a name to the wanted place. One that still has the old answer is a no. */
export const answers = (resolvers: Resolvers) =>
  defineCheck({
    name: 'dns/answers',
    version: 1,
    summary: 'Does the name lead to the place?',
    with: z.strictObject({ component: z.string(), at: z.string() }),
    resolve(written, plan) {
      const { name, kind, at, settings } = plan.component(written.component, ...kinds);
      const found = at[written.at];
      const value = kind === 'route53-alias' ? (found as { 'dns-name'?: unknown } | undefined)?.['dns-name'] : found;
      if (typeof value !== 'string') {
        throw new Error(`component ${name} has no value in ${written.at}; it has ${Object.keys(at).join(', ')}`);
      }
      if (settings['proxied'] === true) {
        throw new Error(`component ${name} is proxied, so every place has the same addresses; ask a URL with http/get`);
      }
      const type = types.parse(settings['type'] ?? 'A');
      return { name: String(settings['name']), type, value, ...(kind === 'route53-alias' && { alias: true }) };
    },
    input: z.strictObject({ name: z.string(), type: types, value: z.string(), alias: z.boolean().optional() }),
    facts: { asked: 'number', agreeing: 'number' },
    permissions: () => [],
    expectedSeconds: 1,
    async ask({ name, type, value, alias }) {
      const [settled, targets] = await Promise.all([
        resolvers.ask(name, type),
        // An alias has no value of its own: it answers whatever addresses its target has just now.
        alias ? resolvers.ask(value, type) : undefined,
      ]);
      const wanted = targets?.flatMap((one) => (one.status === 'fulfilled' ? one.value.values : [])) ?? [value];
      if (wanted.length === 0)
        return { answer: 'unknown', because: `${value} itself has no ${type} record, or nobody says` };
      const answered = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      const silent = settled.flatMap((one) => (one.status === 'rejected' ? [messageOf(one.reason)] : []));
      const agrees = (values: string[]) =>
        values.length > 0 && values.every((one) => wanted.some((each) => sameName(one, each)));
      const agreeing = answered.filter(({ values }) => agrees(values)).length;
      const facts = { asked: settled.length, agreeing };
      const other = answered.find(({ values }) => !agrees(values));
      if (other) {
        const found = other.values.join(', ') || 'nothing';
        return { answer: 'no', because: `${other.resolver} answers ${found} for ${name}, not ${value}`, facts };
      }
      if (silent.length > 0 || settled.length === 0) {
        const because = silent.length > 0 ? `no answer from ${silent.join('; ')}` : 'there is no resolver to ask';
        return { answer: 'unknown', because, facts };
      }
      return {
        answer: 'yes',
        because: `${agreeing} of ${settled.length} resolvers answer ${value} for ${name}`,
        facts,
      };
    },
    command: ({ name, type }) => `dig +short ${name} ${type}`,
  });

const sameName = (one: string, other: string) =>
  one.toLowerCase().replace(/\.$/, '') === other.toLowerCase().replace(/\.$/, '');
