import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { curlLine } from '../../curl-line.ts';
import { noticePatienceSeconds } from '../../notice-patience.ts';
import { type SlackClient, stepMetadata } from '../client.ts';
import { hasOneWording, oneWording, wordingName, wordingOf, wordingShape } from '../wording.ts';

const shape = z
  .strictObject({
    /** An id, `#name`, or what opening a channel gave. */
    channel: z.string().min(1),
    ...wordingShape,
    blocks: z.array(z.record(z.string(), z.json())).max(50).optional(),
  })
  .refine(hasOneWording, oneWording);

/** Posts a message once: its metadata hold the step's key, by which a later look finds it. */
export const post = (slack: SlackClient) =>
  defineAction({
    name: 'slack/post',
    version: 1,
    summary: 'Post a message in a Slack channel',
    effect: 'notice',
    with: shape,
    resolve: (written) => written,
    input: shape,
    targets: [],
    output: z.strictObject({ channel: z.string(), ts: z.string() }),
    resources: () => [],
    changes: ['slack:chat.postMessage'],
    permissions: ({ channel }) =>
      ['chat:write', 'channels:history', 'channels:join'].map((action) => ({
        system: 'slack' as const,
        action,
        resource: channel,
      })),
    expectedSeconds: 5,
    longestSeconds: noticePatienceSeconds,
    repeat: 'by-look',
    reversible: { no: 'what people have read stays read' },
    async observe({ channel }, { key, signal }) {
      const id = await slack.channelId(channel, signal);
      const info = await slack.channelInfo(id, signal);
      const found = info.isMember ? await slack.findOwnMessage(id, key, signal) : undefined;
      if (!found) return { state: 'todo', seen: `no message of this step in ${channel}` };
      return { state: 'done', seen: `posted in ${channel}`, output: found };
    },
    async act(input, context) {
      const text = await wordingOf(input, context);
      const channel = await slack.channelId(input.channel, context.signal);
      const deadline = await context.beforeChange();
      const content = { text, metadata: stepMetadata(context.key), ...(input.blocks ? { blocks: input.blocks } : {}) };
      const output = await slack.postMessage(channel, content, deadline);
      return { output, seen: `posted in ${input.channel}` };
    },
    preview: async (input) => [
      { resource: `slack:${input.channel}`, now: 'not told', then: `sees ${wordingName(input)}` },
    ],
    command: (input) =>
      curlLine(
        'POST',
        'https://slack.com/api/chat.postMessage',
        { Authorization: 'Bearer $SLACK_BOT_TOKEN' },
        { channel: input.channel, text: wordingName(input) },
      ),
  });
