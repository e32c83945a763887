/**
 * How often Slack lets an app call a method, less a fifth that is left for whatever else uses the token. From
 * https://docs.slack.dev/apis/web-api/rate-limits and each method's page. What is not listed is called too seldom to matter.
 */
const perMinute: Record<string, number> = {
  'conversations.create': 16,
  'conversations.rename': 16,
  'conversations.archive': 16,
  'conversations.setTopic': 16,
  'conversations.list': 16,
  'pins.add': 16,
  'usergroups.users.list': 16,
  'bookmarks.add': 16,
  'bookmarks.edit': 16,
  'chat.update': 40,
  'conversations.invite': 40,
  'conversations.history': 40,
  'conversations.replies': 40,
  'conversations.info': 40,
  'conversations.open': 40,
  'reactions.add': 40,
  'chat.postEphemeral': 80,
  'views.publish': 80,
  'chat.postMessage': 50,
};

export interface Limit {
  key: string;
  perMinute: number;
  burst: number;
  /** Left of the burst for what people wait for. */
  kept: number;
}

/** The limit that a call counts towards; messages count for each channel by itself. */
export const limitOf = (method: string, args: Record<string, unknown>, urgent: boolean): Limit | undefined => {
  const rate = perMinute[method];
  if (rate === undefined) return undefined;
  const burst = Math.max(5, rate / 4);
  const kept = urgent || method !== 'chat.update' ? 0 : 3;
  return { key: method === 'chat.postMessage' ? `${method} ${args['channel']}` : method, perMinute: rate, burst, kept };
};
