import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { MaydayError, messageOf } from '../../../errors.ts';
import { curlLine } from '../../curl-line.ts';
import type { SlackClient } from '../client.ts';

/** Whether Slack takes our token just now; what `mayday doctor` asks first. */
export const answers = (slack: SlackClient) =>
  defineCheck({
    name: 'slack/answers',
    version: 1,
    summary: 'Slack answers and takes our token',
    with: z.strictObject({}),
    resolve: (written) => written,
    input: z.strictObject({}),
    facts: { user: 'string', team: 'string' },
    permissions: () => [],
    expectedSeconds: 2,
    async ask(_input, { signal }) {
      try {
        const answer = await slack.read('auth.test', {}, signal);
        return {
          answer: 'yes',
          because: `Slack knows us as ${answer.user} of ${answer.team}`,
          facts: { user: answer.user_id, team: answer.team_id },
        };
      } catch (error) {
        const isRefusal = error instanceof MaydayError && error.code === 'system/refused';
        return { answer: isRefusal ? 'no' : 'unknown', because: messageOf(error) };
      }
    },
    command: () => curlLine('POST', 'https://slack.com/api/auth.test', { Authorization: 'Bearer $SLACK_BOT_TOKEN' }),
  });
