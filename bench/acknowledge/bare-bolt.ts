import type { AddressInfo } from 'node:net';
import { App, LogLevel } from '@slack/bolt';

/** What is measured against: Bolt as its documentation shows it, which checks the signature, acknowledges, and does no more. */
const app = new App({
  signingSecret: process.env['SLACK_SIGNING_SECRET']!,
  authorize: async () => ({ botToken: 'xoxb-bench' }),
  logLevel: LogLevel.ERROR,
});
app.command('/dr', async ({ ack }) => ack());
const server = await app.start({ port: 0, host: '127.0.0.1' });
const { port } = server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ slackUrl: `http://127.0.0.1:${port}` })}\n`);
process.on('SIGTERM', () => process.exit(0));
