import type { IncomingMessage, ServerResponse } from 'node:http';
import { readText, sendJson } from '../http-server.ts';
import type { SandboxContext } from '../part.ts';
import { removeMessage } from './chat-methods.ts';
import { checkBlocks } from './check-blocks.ts';
import { SlackRefusal } from './slack-refusal.ts';
import type { Workspace } from './workspace.ts';

const mostUses = 5;
const lifeSeconds = 30 * 60;

interface Known {
  channel: string;
  user: string;
  madeAt: number;
  uses: number;
  /** What `replace_original` and `delete_original` mean: the message with the button, or the answer of before. */
  original?: string;
}

/** `response_url`s: five uses within thirty minutes, then refused. */
export const createResponseUrls = (context: SandboxContext, workspace: Workspace, base: () => string) => {
  const known = new Map<string, Known>();
  const refuse = (response: ServerResponse, status: number, code: string) => {
    context.ledger.call('slack:response_url', 'refused');
    context.ledger.refuse('slack:response_url', code, 'https://docs.slack.dev/interactivity/handling-user-interaction');
    sendJson(response, status, { ok: false, error: code });
  };
  return {
    create(channel: string, user: string, original?: string): string {
      const id = workspace.newId('');
      known.set(id, { channel, user, madeAt: context.clock.now().getTime(), uses: 0, original });
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
      workspace.responses.push({ responseUrl: id, body: message, at: context.clock.now().toISOString() });
      respond(workspace, entry, message);
      context.ledger.call('slack:response_url', 'ok');
      context.ledger.accept('slack:response_url', `slack:${entry.channel}`, { user: entry.user }).visible();
      sendJson(response, 200, { ok: true });
    },
  };
};

/** Shows an answer as it asks to be: instead of the original, to all, or to the one person. */
const respond = (workspace: Workspace, entry: Known, answer: any) => {
  const channel = workspace.channels.get(entry.channel);
  const shown = {
    text: answer.text ?? '',
    blocks: answer.blocks === undefined ? undefined : workspace.withBlockIds(answer.blocks),
  };
  const ephemeral = workspace.ephemeral.find((each) => each.ts === entry.original);
  const message = channel?.messages.find((each) => each.ts === entry.original);
  if (answer.delete_original === true) {
    if (ephemeral) ephemeral.gone = true;
    if (ephemeral) workspace.changed({ kind: 'ephemeral', ts: ephemeral.ts });
    if (message && channel) removeMessage(channel, message, workspace);
    return;
  }
  if (answer.replace_original === true && (ephemeral || message)) {
    if (ephemeral) Object.assign(ephemeral, shown);
    if (ephemeral) workspace.changed({ kind: 'ephemeral', ts: ephemeral.ts });
    if (message) Object.assign(message, shown, { edits: message.edits + 1 });
    if (message && channel) workspace.changed({ kind: 'message', channel: channel.id, ts: message.ts });
    return;
  }
  const isShownToAll = answer.response_type === 'in_channel';
  const made =
    isShownToAll && channel
      ? workspace.addMessage(channel, { user: workspace.bot.user, ...shown, thread_ts: answer.thread_ts })
      : workspace.addEphemeral({ channel: entry.channel, user: entry.user, ...shown, thread_ts: answer.thread_ts });
  entry.original ??= made.ts;
};
