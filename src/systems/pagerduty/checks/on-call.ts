import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { MaydayError, messageOf } from '../../../errors.ts';
import { curlLine } from '../../curl-line.ts';
import type { PagerDutyClient } from '../client.ts';

const shape = z.strictObject({ schedule: z.string().min(1) });

/** Whether anybody is on call for a schedule just now. */
export const onCall = (pagerduty: PagerDutyClient) =>
  defineCheck({
    name: 'pagerduty/on-call',
    version: 1,
    summary: 'Somebody is on call',
    with: shape,
    resolve: (written) => written,
    input: shape,
    facts: { people: 'string', count: 'number' },
    permissions: ({ schedule }) => [{ system: 'pagerduty', action: 'oncalls.read', resource: schedule }],
    expectedSeconds: 2,
    async ask({ schedule }, { signal }) {
      try {
        const people = await pagerduty.onCallNow(schedule, signal);
        const facts = { people: people.join(', '), count: people.length };
        if (people.length === 0) return { answer: 'no', because: `nobody is on call for ${schedule}`, facts };
        return { answer: 'yes', because: `${people.length} on call for ${schedule}`, facts };
      } catch (error) {
        const isRefusal = error instanceof MaydayError && error.code === 'system/refused';
        return { answer: isRefusal ? 'no' : 'unknown', because: messageOf(error) };
      }
    },
    command: ({ schedule }) =>
      curlLine('GET', `https://api.pagerduty.com/oncalls?schedule_ids[]=${schedule}`, {
        Authorization: 'Token token=$PAGERDUTY_API_TOKEN',
      }),
  });
