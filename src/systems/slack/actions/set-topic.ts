import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { curlLine } from '../../curl-line.ts';
import { noticePatienceSeconds } from '../../notice-patience.ts';
import type { SlackClient } from '../client.ts';
import { hasOneWording, oneWording, wordingName, wordingOf, wordingShape } from '../wording.ts';

const shape = z.strictObject({ channel: z.string().min(1), ...wordingShape }).refine(hasOneWording, oneWording);
const longestTopic = 250;

/** Sets a channel's topic; the topic itself says whether that was done. */
export const setTopic = (slack: SlackClient) => {
  const topicOf = async (input: z.infer<typeof shape>, context: Parameters<typeof wordingOf>[1]) =>
    (await wordingOf(input, context)).replace(/\s+/g, ' ').trim().slice(0, longestTopic);
  return defineAction({
    name: 'slack/set-topic',
    version: 1,
    summary: 'Set the topic of a Slack channel',
    effect: 'notice',
    with: shape,
    resolve: (written) => written,
    input: shape,
    targets: [],
    output: z.strictObject({ channel: z.string(), topic: z.string() }),
    resources: () => [],
    changes: ['slack:conversations.setTopic'],
    permissions: ({ channel }) =>
      ['channels:manage', 'channels:read'].map((action) => ({ system: 'slack' as const, action, resource: channel })),
    expectedSeconds: 5,
    longestSeconds: noticePatienceSeconds,
    repeat: 'by-look',
    reversible: { no: 'set the topic again by hand' },
    async observe(input, context) {
      const channel = await slack.channelId(input.channel, context.signal);
      const { topic } = await slack.channelInfo(channel, context.signal);
      const wanted = await topicOf(input, context);
      if (topic !== wanted) return { state: 'todo', seen: `the topic is “${topic}”` };
      return { state: 'done', seen: 'the topic is set', output: { channel, topic } };
    },
    async act(input, context) {
      const channel = await slack.channelId(input.channel, context.signal);
      const topic = await topicOf(input, context);
      await slack.change('conversations.setTopic', { channel, topic }, await context.beforeChange());
      return { output: { channel, topic }, seen: 'the topic is set' };
    },
    preview: async (input) => [
      { resource: `slack:${input.channel}`, now: 'topic as it is', then: `topic is ${wordingName(input)}` },
    ],
    command: (input) =>
      curlLine(
        'POST',
        'https://slack.com/api/conversations.setTopic',
        { Authorization: 'Bearer $SLACK_BOT_TOKEN' },
        { channel: input.channel, topic: wordingName(input) },
      ),
  });
};
