import type { IncomingMessage, ServerResponse } from 'node:http';
import { readText, sendJson } from '../http-server.ts';
import type { SandboxContext } from '../part.ts';
import { checkBlocks } from './check-blocks.ts';
import { SlackRefusal } from './slack-refusal.ts';
import type { Workspace } from './workspace.ts';

const mostUses = 5;
const lifeSeconds = 30 * 60;

/** `response_url`s: five uses within thirty minutes, then refused. */
export const createResponseUrls = (context: SandboxContext, workspace: Workspace, base: () => string) => {
  const known = new Map<string, { channel: string; user: string; madeAt: number; uses: number }>();
  const refuse = (response: ServerResponse, status: number, code: string) => {
    context.ledger.refuse('slack:response_url', code, 'https://docs.slack.dev/interactivity/handling-user-interaction');
    sendJson(response, status, { ok: false, error: code });
  };
  return {
    create(channel: string, user: string): string {
      const id = workspace.newId('');
      known.set(id, { channel, user, madeAt: context.clock.now().getTime(), uses: 0 });
      return `${base()}/respond/${id}`;
    },
    async handle(request: IncomingMessage, response: ServerResponse, id: string): Promise<void> {
      const body = await readText(request);
      const entry = known.get(id);
      if (!entry) return refuse(response, 404, 'expired_url');
      const age = (context.clock.now().getTime() - entry.madeAt) / 1000;
      if (age > lifeSeconds || entry.uses >= mostUses) return refuse(response, 404, 'used_url');
      let message: any;
      try {
        message = JSON.parse(body);
        if (message.blocks !== undefined) checkBlocks(message.blocks, 'message');
      } catch (error) {
        return refuse(response, 400, error instanceof SlackRefusal ? error.code : 'invalid_payload');
      }
      entry.uses += 1;
      const at = context.clock.now().toISOString();
      workspace.responses.push({ responseUrl: id, body: message, at });
      const isShownToAll = message.response_type === 'in_channel';
      const channel = workspace.channels.get(entry.channel);
      if (isShownToAll && channel) {
        channel.messages.push({
          ts: workspace.newTimestamp(),
          user: workspace.bot.user,
          text: message.text ?? '',
          blocks: message.blocks,
          edits: 0,
          pinned: false,
          reactions: [],
        });
      } else {
        workspace.ephemeral.push({
          channel: entry.channel,
          user: entry.user,
          text: message.text ?? '',
          blocks: message.blocks,
          at,
        });
      }
      context.ledger.accept('slack:response_url', `slack:${entry.channel}`, { user: entry.user }).visible();
      sendJson(response, 200, { ok: true });
    },
  };
};
