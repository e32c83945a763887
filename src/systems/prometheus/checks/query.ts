import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { isForbiddenAddress } from '../../forbidden-address.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import { type Prometheus, queryUrl } from '../client.ts';

const written = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .refine(
        (url) => URL.canParse(url) && !isForbiddenAddress(new URL(url).hostname),
        'is a link-local or metadata address',
      ),
    query: z.string().min(1),
    below: z.number().optional(),
    above: z.number().optional(),
    equals: z.number().optional(),
  })
  .refine(
    ({ below, above, equals }) => [below, above, equals].some((limit) => limit !== undefined),
    'needs below, above or equals',
  );

/** Whether a figure of Prometheus is where it should be. Of several series each has to be; the worst one is told. */
export const query = (prometheus: Prometheus) =>
  defineCheck({
    name: 'prometheus/query',
    version: 1,
    summary: 'Is a figure of Prometheus where it should be?',
    with: written,
    resolve: (given) => given,
    input: written,
    facts: { value: 'number', series: 'number' },
    permissions: ({ url }) => [{ system: 'http', action: 'GET /api/v1/query', resource: url }],
    expectedSeconds: 1,
    async ask({ url, query: text, below, above, equals }, context) {
      try {
        const values = await prometheus.query(url, text, lookSignal(context));
        // A series that is not there says nothing of how things are, least of all that they are well.
        if (values.length === 0) return { answer: 'unknown', because: `${text} has no sample just now` };
        if (values.some(Number.isNaN)) return { answer: 'unknown', because: `${text} is not a number just now` };
        const holds = (value: number) =>
          (below === undefined || value < below) &&
          (above === undefined || value > above) &&
          (equals === undefined || value === equals);
        const value = values.find((each) => !holds(each)) ?? values[0]!;
        const limits = [
          ...(below === undefined ? [] : [`below ${below}`]),
          ...(above === undefined ? [] : [`above ${above}`]),
          ...(equals === undefined ? [] : [`${equals}`]),
        ].join(' and ');
        return {
          answer: holds(value) ? 'yes' : 'no',
          because: `${text} is ${value}${values.length > 1 ? `, of ${values.length} series` : ''}; ${limits} is wanted`,
          // What is infinite is no JSON.
          facts: { series: values.length, ...(Number.isFinite(value) && { value }) },
        };
      } catch (error) {
        return { answer: 'unknown', because: messageOf(error) };
      }
    },
    command: ({ url, query: text }) => shellLine('curl', '--silent', '--max-time', 4, queryUrl(url, text)),
  });
