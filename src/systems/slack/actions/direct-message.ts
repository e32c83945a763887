import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { curlLine } from '../../curl-line.ts';
import { noticePatienceSeconds } from '../../notice-patience.ts';
import { type SlackClient, stepMetadata } from '../client.ts';
import { hasOneWording, oneWording, wordingName, wordingOf, wordingShape } from '../wording.ts';

/** Writes to one person directly, once. */
export const directMessage = (slack: SlackClient) =>
  defineAction({
    name: 'slack/direct-message',
    version: 1,
    summary: 'Write to a person in Slack',
    effect: 'notice',
    with: z.strictObject({ person: z.string().min(1), ...wordingShape }).refine(hasOneWording, oneWording),
    resolve({ person, ...wording }, plan) {
      const { slack: user, name } = plan.person(person);
      if (!user)
        throw new MaydayError('plan/invalid', `${person} has no Slack id in the plan, so nobody can be written to.`);
      return { user, name, ...wording };
    },
    input: z.strictObject({ user: z.string(), name: z.string(), ...wordingShape }),
    targets: ['user'],
    output: z.strictObject({ channel: z.string(), ts: z.string() }),
    resources: () => [],
    changes: ['slack:chat.postMessage'],
    permissions: ({ user }) =>
      ['im:write', 'chat:write', 'im:history'].map((action) => ({ system: 'slack' as const, action, resource: user })),
    expectedSeconds: 5,
    longestSeconds: noticePatienceSeconds,
    repeat: 'by-look',
    reversible: { no: 'what people have read stays read' },
    async observe({ user, name }, { key, signal }) {
      const found = await slack.findOwnMessage(await slack.directChannel(user, signal), key, signal);
      if (!found) return { state: 'todo', seen: `no message of this step to ${name}` };
      return { state: 'done', seen: `written to ${name}`, output: found };
    },
    async act(input, context) {
      const text = await wordingOf(input, context);
      const channel = await slack.directChannel(input.user, context.signal);
      const deadline = await context.beforeChange();
      const output = await slack.postMessage(channel, { text, metadata: stepMetadata(context.key) }, deadline);
      return { output, seen: `written to ${input.name}` };
    },
    preview: async (input) => [
      {
        resource: `slack:${input.user}`,
        now: `${input.name} is not told`,
        then: `${input.name} gets ${wordingName(input)}`,
      },
    ],
    command: (input) =>
      curlLine(
        'POST',
        'https://slack.com/api/chat.postMessage',
        { Authorization: 'Bearer $SLACK_BOT_TOKEN' },
        { channel: input.user, text: wordingName(input) },
      ),
  });
