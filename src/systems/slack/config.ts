import { z } from 'zod';

/** Settings of the Slack app, by their standard names. */
export const slackSettings = z.object({
  SLACK_BOT_TOKEN: z.string().regex(/^xoxb-/, 'is the bot token of the Slack app and starts with xoxb-'),
  SLACK_SIGNING_SECRET: z
    .string()
    .min(16, 'is the signing secret of the Slack app; requests cannot be verified without it'),
  SLACK_APP_TOKEN: z
    .string()
    .regex(/^xapp-/, 'is the app-level token for Socket Mode and starts with xapp-')
    .optional(),
  SLACK_API_URL: z.url().default('https://slack.com/api/'),
});

export type SlackSettings = z.infer<typeof slackSettings>;
