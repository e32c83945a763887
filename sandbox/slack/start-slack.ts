import { randomBytes } from 'node:crypto';
import { startLocalServer } from '../http-server.ts';
import type { SandboxContext, SandboxPart } from '../part.ts';
import { createDelivery } from './delivery.ts';
import { createPeopleActs } from './people-acts.ts';
import { createResponseUrls } from './response-urls.ts';
import { createSocketMode } from './socket-mode.ts';
import { createTriggers } from './triggers.ts';
import { createWebApi } from './web-api.ts';
import { createWorkspace, type SlackChannel } from './workspace.ts';

export interface SlackPart extends SandboxPart {
  /** As `environment`, with the app-level token that turns Socket Mode on. */
  socketEnvironment: Record<string, string>;
}

/** A Slack workspace on loopback: Web API, slash commands, clicks, modals, events, Socket Mode. */
export const startSlack = async (context: SandboxContext, options: { botUrl?: string } = {}): Promise<SlackPart> => {
  // New at each start, so that no setting for the sandbox can be mistaken for a real one.
  const random = () => randomBytes(12).toString('hex');
  const tokens = { bot: `xoxb-sandbox-${random()}`, app: `xapp-sandbox-${random()}` };
  const signingSecret = random() + random();
  const workspace = createWorkspace(context);
  const triggers = createTriggers(workspace);

  let webApi: ReturnType<typeof createWebApi>;
  let responseUrls: ReturnType<typeof createResponseUrls>;
  const local = await startLocalServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const [, area, name] = pathname.split('/');
    if (area === 'api' && name) return webApi(request, response, name);
    if (area === 'respond' && name) return responseUrls.handle(request, response, name);
    response.writeHead(404).end();
  });
  const socketMode = createSocketMode(local.server, local.url, workspace.appId);
  responseUrls = createResponseUrls(context, workspace, () => local.url);
  webApi = createWebApi({ context, workspace, triggers, openConnection: socketMode.openConnection }, tokens);
  const delivery = createDelivery({ signingSecret, socketMode, botUrl: options.botUrl });
  const acts = createPeopleActs({ context, workspace, triggers, delivery, responseUrl: responseUrls.create });

  const environment = {
    SLACK_BOT_TOKEN: tokens.bot,
    SLACK_SIGNING_SECRET: signingSecret,
    SLACK_API_URL: `${local.url}/api/`,
  };
  return {
    name: 'slack',
    environment,
    socketEnvironment: { ...environment, SLACK_APP_TOKEN: tokens.app },
    control: {
      'POST /slack/bot': ({ body }) => {
        delivery.setBot(String(body.url));
        return { ok: true };
      },
      'POST /slack/command': ({ body }) => acts.command(body),
      'POST /slack/click': ({ body }) => acts.click(body),
      'POST /slack/submit': ({ body }) => acts.submit(body),
      'POST /slack/event': ({ body }) => acts.event(body),
      'POST /slack/user': ({ body }) => Object.assign(workspace.users.get(body.id) ?? {}, body),
      'POST /slack/usergroup': ({ body }) =>
        workspace.userGroups.set(body.id, { handle: body.handle ?? body.id, users: body.users }) && { ok: true },
      'POST /slack/disconnect': ({ body }) => {
        socketMode.disconnect(body?.abrupt === true);
        return { ok: true };
      },
      /** What turns Socket Mode on; by default the bot is called over HTTP. */
      'GET /slack/socket-settings': () => ({ ...environment, SLACK_APP_TOKEN: tokens.app }),
      'GET /slack/state': () => ({
        users: [...workspace.users.values()],
        channels: [...workspace.channels.values()].map(shownChannel),
        ephemeral: workspace.ephemeral,
        views: [...workspace.views.values()],
        responses: workspace.responses,
        socketMode: { connections: socketMode.connections(), ...socketMode.counts },
      }),
      'GET /slack/channels/:name': ({ path }) => {
        const name = decodeURIComponent(path.split('/').at(-1) ?? '');
        const channel = workspace.findChannel(name);
        if (!channel) throw new Error(`no channel ${name}`);
        return shownChannel(channel);
      },
    },
    async close() {
      socketMode.close();
      await local.close();
    },
  };
};

const shownChannel = (channel: SlackChannel) => ({ ...channel, members: [...channel.members] });
