import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebClient } from '@slack/web-api';
import type { SandboxContext } from '../../sandbox/part.ts';
import { type AppManifest, readAppManifest } from '../../sandbox/slack/app-manifest.ts';
import { type SlackPart, startSlack } from '../../sandbox/slack/start-slack.ts';
import { control, createContext } from './talk-world.ts';

/** An app that may do everything that the sandbox knows. */
export const everything = (): AppManifest => ({ ...readAppManifest(), ...all });

const all = {
  scopes: [
    'app_mentions:read',
    'bookmarks:read',
    'bookmarks:write',
    'canvases:write',
    'channels:history',
    'channels:join',
    'channels:manage',
    'channels:read',
    'chat:write',
    'files:read',
    'files:write',
    'groups:history',
    'groups:write',
    'im:history',
    'im:write',
    'pins:read',
    'pins:write',
    'reactions:read',
    'reactions:write',
    'team:read',
    'usergroups:read',
    'users:read',
    'users:read.email',
  ],
  events: [
    'app_home_opened',
    'app_mention',
    'member_joined_channel',
    'message.channels',
    'message.im',
    'reaction_added',
    'reaction_removed',
  ],
};

export interface ListeningSlack {
  slack: SlackPart;
  context: SandboxContext;
  web: WebClient;
  /** What came to the bot, newest last. */
  received: { headers: IncomingHttpHeaders; payload: any }[];
  /** What the bot answers next, and then always, until it is set again. */
  answer: { status: number; body: unknown };
  act(name: string, body: object): Promise<any>;
  /** Payloads of events of that type. */
  events(type: string): any[];
  close(): Promise<void>;
}

/** The sandbox's Slack with a bot that only listens, so that what is sent can be judged without Mayday. */
export const startListeningSlack = async (
  more: { speed?: number; scopes?: string[] } = {},
): Promise<ListeningSlack> => {
  const received: ListeningSlack['received'] = [];
  const answer: ListeningSlack['answer'] = { status: 200, body: '' };
  const bot = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const isJson = request.headers['content-type']?.includes('json');
      const form = new URLSearchParams(text);
      const payload = isJson
        ? JSON.parse(text)
        : form.has('payload')
          ? JSON.parse(form.get('payload')!)
          : Object.fromEntries(form);
      received.push({ headers: request.headers, payload });
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => bot.once('listening', resolve));
  const context = createContext(more.speed);
  const slack = await startSlack(context, {
    botUrl: `http://127.0.0.1:${(bot.address() as AddressInfo).port}`,
    manifest: { ...everything(), ...(more.scopes ? { scopes: more.scopes } : {}) },
  });
  return {
    slack,
    context,
    web: webClientOf(slack),
    received,
    answer,
    act: (name, body) => control(slack, `POST /slack/${name}`, body),
    events: (type) => received.flatMap(({ payload }) => (payload.event?.type === type ? [payload.event] : [])),
    async close() {
      bot.close();
      await slack.close();
    },
  };
};

/** Slack's own client, which tells every refusal at once. */
export const webClientOf = (
  slack: Pick<SlackPart, 'environment'>,
  token = slack.environment['SLACK_BOT_TOKEN']!,
): WebClient => {
  const quiet = { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, setName() {} };
  return new WebClient(token, {
    slackApiUrl: slack.environment['SLACK_API_URL'],
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: { ...quiet, getLevel: () => 'error' as never },
  });
};

/** `accepted`, or the name of the refusal. */
export const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'accepted',
    (error) => error.data?.error ?? error.message,
  );
