import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { curlLine } from '../../curl-line.ts';
import { noticePatienceSeconds } from '../../notice-patience.ts';
import type { SlackClient } from '../client.ts';
import { slackCode } from '../errors.ts';
import { escapeSlack } from '../escape.ts';
import { cut } from '../fit-blocks.ts';

const shape = z.strictObject({
  name: z
    .string()
    .max(80)
    .regex(/^[a-z0-9][a-z0-9_-]*$/, 'may hold a-z, 0-9, - and _ only'),
  purpose: z.string().max(250).optional(),
});

/** Opens a public channel, or finds that an earlier try of ours did. */
export const openChannel = (slack: SlackClient) =>
  defineAction({
    name: 'slack/open-channel',
    version: 1,
    summary: 'Open a Slack channel',
    effect: 'notice',
    with: shape,
    resolve: (written) => written,
    input: shape,
    targets: ['name'],
    output: z.strictObject({ channel: z.string(), name: z.string() }),
    resources: () => [],
    changes: ['slack:conversations.create', 'slack:conversations.setPurpose'],
    permissions: ({ name }) =>
      ['channels:manage', 'channels:read'].map((action) => ({ system: 'slack' as const, action, resource: name })),
    expectedSeconds: 5,
    longestSeconds: noticePatienceSeconds,
    repeat: 'by-look',
    reversible: { no: 'what is written in a channel stays; archive it by hand' },
    async observe({ name }, { signal }) {
      const found = await slack.findChannel(name, signal);
      if (!found) return { state: 'todo', seen: `there is no channel #${name}` };
      // A channel has room for no key of ours until it is made, so its maker decides: only Mayday opens such names.
      const { user } = await slack.whoAmI(signal);
      if (found.creator !== user)
        return { state: 'impossible', seen: `#${name} exists and was opened by somebody else (${found.creator})` };
      return { state: 'done', seen: `#${name} is open`, output: { channel: found.id, name } };
    },
    async act({ name, purpose }, context) {
      const deadline = await context.beforeChange();
      try {
        const { channel } = await slack.change('conversations.create', { name }, deadline);
        if (purpose)
          await slack.change(
            'conversations.setPurpose',
            { channel: channel.id, purpose: cut(escapeSlack(purpose), 250) },
            await context.beforeChange(),
          );
        return { output: { channel: channel.id, name }, seen: `opened #${name}` };
      } catch (error) {
        // Made by an earlier try whose answer was lost: the next look finds whose it is.
        if (slackCode(error) === 'name_taken') return undefined;
        if (slackCode(error) === 'restricted_action') {
          throw new MaydayError(
            'system/refused',
            'This Slack workspace does not let apps open channels; an administrator can.',
            { cause: error },
          );
        }
        throw error;
      }
    },
    async preview({ name }, { signal }) {
      const found = await slack.findChannel(name, signal);
      return [{ resource: `slack:#${name}`, now: found ? 'is there' : 'is not there', then: 'is open' }];
    },
    command: ({ name }) =>
      curlLine(
        'POST',
        'https://slack.com/api/conversations.create',
        { Authorization: 'Bearer $SLACK_BOT_TOKEN' },
        { name },
      ),
  });
