import { randomBytes } from 'node:crypto';
import { startLocalServer } from '../http-server.ts';
import type { SandboxContext, SandboxPart } from '../part.ts';
import { createAppEvents } from './app-events.ts';
import { type AppManifest, readAppManifest } from './app-manifest.ts';
import { createDelivery } from './delivery.ts';
import { createFiles, type Files } from './files.ts';
import { createPeopleActs, type PeopleActs } from './people-acts.ts';
import { createResponseUrls } from './response-urls.ts';
import { createSocketMode } from './socket-mode.ts';
import { createTriggers } from './triggers.ts';
import { createWebApi } from './web-api.ts';
import { createWorkspace, type Workspace } from './workspace.ts';
import type { SlackChannel } from './workspace-shapes.ts';

export interface SlackPart extends SandboxPart {
  /** As `environment`, with the app-level token that turns Socket Mode on. */
  socketEnvironment: Record<string, string>;
  workspace: Workspace;
  acts: PeopleActs;
  files: Files;
  manifest: AppManifest;
}

/** A Slack workspace on loopback: Web API, slash commands, clicks, modals, events, Socket Mode. */
export const startSlack = async (
  context: SandboxContext,
  options: { botUrl?: string; manifest?: AppManifest } = {},
): Promise<SlackPart> => {
  // New at each start, so that no setting for the sandbox can be mistaken for a real one.
  const random = () => randomBytes(12).toString('hex');
  const tokens = { bot: `xoxb-sandbox-${random()}`, app: `xapp-sandbox-${random()}` };
  const secrets = { signing: random() + random() };
  const manifest = options.manifest ?? readAppManifest();
  const workspace = createWorkspace(context);
  const triggers = createTriggers(workspace);

  let webApi: ReturnType<typeof createWebApi>;
  let responseUrls: ReturnType<typeof createResponseUrls>;
  let files: Files;
  const local = await startLocalServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const [, area, name, id] = pathname.split('/');
    if (area === 'api' && name) return webApi(request, response, name);
    if (area === 'respond' && name) return responseUrls.handle(request, response, name);
    if (area === 'upload' && id) return files.upload(request, response, id);
    if (area === 'files' && name && request.headers.authorization === `Bearer ${tokens.bot}`) {
      const kept = files.find(name);
      if (kept?.complete) {
        response.writeHead(200, { 'content-type': kept.file.mimetype }).end(kept.content);
        return;
      }
    }
    response.writeHead(404).end();
  });
  const socketMode = createSocketMode(local.server, local.url, workspace.appId);
  responseUrls = createResponseUrls(context, workspace, () => local.url);
  files = createFiles(context, workspace, () => local.url);
  const delivery = createDelivery({ signingSecret: () => secrets.signing, socketMode, botUrl: options.botUrl });
  const events = createAppEvents({ context, workspace, delivery, manifest });
  const { openConnection } = socketMode;
  webApi = createWebApi({ context, workspace, triggers, events, files, openConnection }, tokens, manifest);
  const responseUrl = responseUrls.create;
  const acts = createPeopleActs({ context, workspace, triggers, delivery, events, responseUrl });

  const environment = {
    SLACK_BOT_TOKEN: tokens.bot,
    SLACK_SIGNING_SECRET: secrets.signing,
    SLACK_API_URL: `${local.url}/api/`,
  };
  return {
    name: 'slack',
    environment,
    socketEnvironment: { ...environment, SLACK_APP_TOKEN: tokens.app },
    workspace,
    acts,
    files,
    manifest,
    control: {
      /** Makes another bot token and signing secret; those of before are worth nothing from then on. */
      'POST /slack/rotate': () => {
        environment.SLACK_BOT_TOKEN = tokens.bot = `xoxb-sandbox-${random()}`;
        environment.SLACK_SIGNING_SECRET = secrets.signing = random() + random();
        return { SLACK_BOT_TOKEN: tokens.bot, SLACK_SIGNING_SECRET: secrets.signing };
      },
      'POST /slack/bot': ({ body }) => {
        delivery.setBot(String(body.url));
        return { ok: true };
      },
      'POST /slack/command': ({ body }) => acts.command(body),
      'POST /slack/click': ({ body }) => acts.click(body),
      'POST /slack/suggest': ({ body }) => acts.suggest(body),
      'POST /slack/shortcut': ({ body }) => acts.shortcut(body),
      'POST /slack/submit': ({ body }) => acts.submit(body),
      'POST /slack/close': ({ body }) => acts.close(body),
      'POST /slack/home': ({ body }) => acts.home(body),
      'POST /slack/say': ({ body }) => acts.say(body),
      'POST /slack/edit': ({ body }) => acts.edit(body),
      'POST /slack/delete': ({ body }) => acts.delete(body),
      'POST /slack/react': ({ body }) => acts.react(body),
      'POST /slack/pin': ({ body }) => acts.pin(body),
      'POST /slack/join': ({ body }) => acts.join(body),
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
        homes: [...workspace.homes.values()],
        canvases: [...workspace.canvases.values()],
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
