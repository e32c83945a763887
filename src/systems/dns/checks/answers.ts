import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import type { Resolvers } from '../client.ts';

const types = z.enum(['A', 'AAAA', 'CNAME']);

/** Whether every resolver that is asked leads a name to the wanted place. One that still has the old answer is a no. */
export const answers = (resolvers: Resolvers) =>
  defineCheck({
    name: 'dns/answers',
    version: 1,
    summary: 'Does the name lead to the place?',
    with: z.strictObject({ component: z.string(), at: z.string() }),
    resolve(written, plan) {
      const { name, at, settings } = plan.component(written.component, 'route53-record');
      const value = at[written.at];
      if (typeof value !== 'string') {
        throw new Error(`component ${name} has no value in ${written.at}; it has ${Object.keys(at).join(', ')}`);
      }
      return { name: String(settings['name']), type: types.parse(settings['type'] ?? 'A'), value };
    },
    input: z.strictObject({ name: z.string(), type: types, value: z.string() }),
    facts: { asked: 'number', agreeing: 'number' },
    permissions: () => [],
    expectedSeconds: 1,
    async ask({ name, type, value }) {
      const settled = await resolvers.ask(name, type);
      const answered = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      const silent = settled.flatMap((one) => (one.status === 'rejected' ? [messageOf(one.reason)] : []));
      const agrees = (values: string[]) => values.length > 0 && values.every((one) => sameName(one, value));
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
