import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { curlLine } from '../../curl-line.ts';
import { noticePatienceSeconds } from '../../notice-patience.ts';
import type { SlackClient } from '../client.ts';
import { slackCode } from '../errors.ts';

const person = z.strictObject({ id: z.string(), name: z.string() });

/** Brings people into a channel; who is inside already is left in peace. */
export const invite = (slack: SlackClient) =>
  defineAction({
    name: 'slack/invite',
    version: 1,
    summary: 'Invite people to a Slack channel',
    effect: 'notice',
    /** Names of the plan's people, or Slack ids. */
    with: z.strictObject({ channel: z.string().min(1), people: z.array(z.string().min(1)) }),
    resolve({ channel, people }, plan) {
      const known = people.flatMap((name) => {
        if (/^[UW][A-Z0-9]{6,}$/.test(name)) return [{ id: name, name }];
        const { slack: id, name: fullName } = plan.person(name);
        return id ? [{ id, name: fullName }] : [];
      });
      return { channel, people: known };
    },
    input: z.strictObject({ channel: z.string().min(1), people: z.array(person) }),
    targets: [],
    output: z.strictObject({ channel: z.string(), invited: z.array(z.string()), notInvited: z.array(z.string()) }),
    resources: () => [],
    changes: ['slack:conversations.invite'],
    permissions: ({ channel }) =>
      ['channels:manage', 'channels:read'].map((action) => ({ system: 'slack' as const, action, resource: channel })),
    expectedSeconds: 5,
    longestSeconds: noticePatienceSeconds,
    repeat: 'by-look',
    reversible: { no: 'who was invited has read it; remove them by hand' },
    async observe({ channel, people }, { signal }) {
      const id = await slack.channelId(channel, signal);
      const members = new Set(await slack.channelMembers(id, signal));
      const missing = people.filter((each) => !members.has(each.id));
      if (missing.length > 0)
        return { state: 'todo', seen: `${missing.map(({ name }) => name).join(', ')} not in the channel` };
      const invited = people.map((each) => each.id);
      return { state: 'done', seen: 'everybody is in the channel', output: { channel: id, invited, notInvited: [] } };
    },
    async act({ channel, people }, context) {
      const id = await slack.channelId(channel, context.signal);
      const members = new Set(await slack.channelMembers(id, context.signal));
      const missing = people.filter((each) => !members.has(each.id));
      const notInvited: string[] = [];
      // One by one, so that somebody who has left keeps nobody else out.
      for (const each of missing) {
        try {
          await slack.change('conversations.invite', { channel: id, users: each.id }, await context.beforeChange());
        } catch (error) {
          const code = slackCode(error);
          if (code === 'already_in_channel') continue;
          if (code === undefined) throw error;
          notInvited.push(`${each.name} (${code})`);
        }
      }
      const invited = people.map((each) => each.id);
      const seen =
        notInvited.length > 0 ? `Slack would not invite ${notInvited.join(', ')}` : 'everybody is in the channel';
      return { output: { channel: id, invited, notInvited }, seen };
    },
    preview: async ({ channel, people }) =>
      people.map(({ name }) => ({
        resource: `slack:${channel}`,
        now: `${name} may be outside`,
        then: `${name} is inside`,
      })),
    command: ({ channel, people }) =>
      curlLine(
        'POST',
        'https://slack.com/api/conversations.invite',
        { Authorization: 'Bearer $SLACK_BOT_TOKEN' },
        { channel, users: people.map(({ id }) => id).join(',') },
      ),
  });
