import {
  App,
  type BlockAction,
  type GlobalShortcut,
  LogLevel,
  type MessageShortcut,
  type Receiver,
  type SlashCommand,
  type ViewSubmitAction,
} from '@slack/bolt';
import type { Log } from '../define.ts';
import { MaydayError, messageOf } from '../errors.ts';
import { sendable } from '../redact.ts';
import type { SlackSettings } from '../systems/slack/config.ts';
import type { OnRefused, Remember } from './front-door.ts';
import { createHttpReceiver } from './http-receiver.ts';
import { postAnswer } from './respond.ts';
import { isOfSlack } from './response-url.ts';
import { type Origin, originOfRequest } from './slack-request.ts';
import { createSocketReceiver } from './socket-receiver.ts';

/** A view must be answered in three seconds; a handler that needs longer closes the view and goes on. */
const viewMilliseconds = 2500;

/** Answers only the person who acted; usable for 30 minutes, so not for what a run will say later. */
export type Respond = (message: { text: string; blocks?: unknown[]; replaceOriginal?: boolean }) => Promise<void>;

export type ViewAnswer =
  | { response_action: 'errors'; errors: Record<string, string> }
  | { response_action: 'update' | 'push'; view: any }
  | { response_action: 'clear' };

export interface SlackAppOptions {
  /** Read at each request and connection: secrets are replaced while it runs. */
  settings: SlackSettings;
  /** The signing secret of before, while requests that were signed with it may still arrive. */
  formerSigningSecret?(): string | undefined;
  /** Durable before anything is acknowledged: see front-door.ts. */
  remember: Remember;
  log: Log;
  /** The wall clock. */
  now(): Date;
  host: string;
  /** 0 lets the system choose. */
  port: number;
  onRefused: OnRefused;
  /** Called when the command has been acknowledged. */
  onCommand(command: SlashCommand, respond: Respond): Promise<void>;
  /** Called when the click has been acknowledged. */
  onAction(payload: BlockAction, respond: Respond): Promise<void>;
  /** What it returns in time is the answer to the person's form; nothing closes it. */
  onView(payload: ViewSubmitAction): Promise<ViewAnswer | undefined>;
  /** Called when the shortcut has been acknowledged; its trigger is good for three seconds. */
  onShortcut(payload: GlobalShortcut | MessageShortcut): Promise<void>;
  /** Messages, reactions, App Home and the like; never those of bots. */
  onEvent(event: Record<string, any>, envelope: { id: string; team: string; from: Origin }): Promise<void>;
}

export interface SlackApp {
  /** Where Slack must call; undefined over Socket Mode. */
  url: string | undefined;
  app: App;
  close(): Promise<void>;
}

/** Bolt with our front door, over HTTP or, when the app token is set, over Socket Mode; handlers never see which. */
export const startSlackApp = async (options: SlackAppOptions): Promise<SlackApp> => {
  const { settings, log, remember } = options;
  const http = settings.SLACK_APP_TOKEN
    ? undefined
    : createHttpReceiver({
        get signingSecret() {
          return settings.SLACK_SIGNING_SECRET;
        },
        formerSigningSecret: options.formerSigningSecret,
        apiUrl: settings.SLACK_API_URL,
        now: options.now,
        onRefused: options.onRefused,
        remember,
        log,
      });
  const receiver: Receiver =
    http ??
    createSocketReceiver({
      get appToken() {
        return settings.SLACK_APP_TOKEN!;
      },
      apiUrl: settings.SLACK_API_URL,
      onRefused: options.onRefused,
      remember,
      log,
    });
  const app = new App({
    receiver,
    // Not `token`: Bolt would ask auth.test before the first request, and Mayday must start when Slack is down.
    authorize: async () => ({ botToken: settings.SLACK_BOT_TOKEN }),
    ignoreSelf: false,
    // State of a conversation is in the journal; Bolt's own would be one more thing in memory.
    convoStore: false,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: settings.SLACK_API_URL },
  });
  app.error(async (error) => log.error({ error: messageOf(error) }, 'a handler failed'));

  const respondTo =
    (url: string): Respond =>
    (message) =>
      respond(url, settings.SLACK_API_URL, message);
  app.command(/.*/, async ({ command, ack }) => {
    await ack();
    await options.onCommand(command, respondTo(command.response_url));
  });
  app.action(/.*/, async ({ body, ack }) => {
    await ack();
    if (body.type === 'block_actions') await options.onAction(body, respondTo(body.response_url ?? ''));
  });
  app.shortcut(/.*/, async ({ shortcut, ack }) => {
    await ack();
    await options.onShortcut(shortcut as GlobalShortcut | MessageShortcut);
  });
  app.view(/.*/, async ({ body, ack }) => {
    if (body.type !== 'view_submission') return ack();
    const working = options.onView(body as ViewSubmitAction);
    const answer = await inTime(working);
    await (ack as (answer?: ViewAnswer) => Promise<void>)(answer);
    await working;
  });
  app.event(/.*/, async ({ event, body }) => {
    if ('bot_id' in event && event.bot_id) return;
    await options.onEvent(event, { id: body.event_id, team: body.team_id, from: originOfRequest(body) });
  });
  await receiver.start(options.port, options.host);
  return { url: http?.url(), app, close: async () => void (await app.stop()) };
};

const inTime = async (working: Promise<ViewAnswer | undefined>): Promise<ViewAnswer | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), viewMilliseconds);
  });
  return Promise.race([working, late]).finally(() => clearTimeout(timer));
};

const respond = async (
  url: string,
  apiUrl: string,
  { text, blocks, replaceOriginal }: Parameters<Respond>[0],
): Promise<void> => {
  if (!isOfSlack(url, apiUrl))
    throw new MaydayError(
      'input/invalid',
      'The request names an address for answers that is not of Slack; nothing was sent there.',
    );
  const message = {
    response_type: 'ephemeral',
    text,
    replace_original: replaceOriginal === true,
    ...(blocks ? { blocks } : {}),
  };
  await postAnswer(url, sendable(message));
};
