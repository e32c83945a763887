import type { System, SystemTools } from '../../define.ts';
import { directMessage } from './actions/direct-message.ts';
import { invite } from './actions/invite.ts';
import { openChannel } from './actions/open-channel.ts';
import { post } from './actions/post.ts';
import { setTopic } from './actions/set-topic.ts';
import { answers } from './checks/answers.ts';
import { createSlackClient, type SlackClient } from './client.ts';
import type { SlackSettings } from './config.ts';

export { type SlackClient, type SlackUserInfo, stepMetadata } from './client.ts';
export { type SlackSettings, slackSettings } from './config.ts';
export { escapeSlack } from './escape.ts';

/** Slack as a place to tell people things; the same client serves the cards of `chat/`. */
export const createSlack = (settings: SlackSettings, tools: SystemTools): System & { client: SlackClient } => {
  const client = createSlackClient(settings, tools.log, tools.budget);
  return {
    name: 'slack',
    actions: [openChannel(client), invite(client), post(client), directMessage(client), setTopic(client)],
    checks: [answers(client)],
    kinds: [],
    client,
    async close() {},
  };
};
