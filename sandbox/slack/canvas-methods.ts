import { channelById, channelToWrite } from './channel-access.ts';
import type { Method, MethodWorld } from './method.ts';
import { SlackRefusal } from './slack-refusal.ts';
import type { SlackCanvas, SlackChannel } from './workspace-shapes.ts';

const longest = 1_048_576;

/** `canvases.*` and the canvas that a channel shows as a tab. */
export const canvasMethods: Record<string, Method> = {
  'canvases.create': {
    tier: 2,
    scope: 'canvases:write',
    needs: [],
    takes: ['title', 'document_content', 'channel_id'],
    run(args, world) {
      const channel = args.channel_id === undefined ? undefined : channelToWrite(args.channel_id, world);
      return { canvas_id: create('slack:canvases.create', args, channel, world).id };
    },
  },
  'conversations.canvases.create': {
    tier: 2,
    scope: 'canvases:write',
    needs: ['channel_id'],
    takes: ['title', 'document_content'],
    run(args, world) {
      const channel = channelById(args.channel_id, world.workspace);
      if (!channel.members.has(world.workspace.bot.user)) throw new SlackRefusal('not_in_channel');
      return { canvas_id: create('slack:conversations.canvases.create', args, channel, world).id };
    },
  },
  'canvases.edit': {
    tier: 3,
    scope: 'canvases:write',
    needs: ['canvas_id', 'changes'],
    takes: [],
    run(args, world) {
      const canvas = find(args.canvas_id, world);
      // One operation a call, says its page.
      if (!Array.isArray(args.changes) || args.changes.length !== 1) throw new SlackRefusal('invalid_arguments');
      const [{ operation, document_content: content, title_content: title }] = args.changes;
      if (operation === 'rename') canvas.title = markdownOf(title);
      else if (operation === 'insert_at_start') canvas.markdown = `${markdownOf(content)}\n${canvas.markdown}`;
      else if (operation === 'insert_at_end') canvas.markdown = `${canvas.markdown}\n${markdownOf(content)}`;
      else if (operation === 'replace' && args.changes[0].section_id === undefined)
        canvas.markdown = markdownOf(content);
      else throw new SlackRefusal('canvas_editing_failed', [`the sandbox edits no sections: ${operation}`]);
      canvas.updated = Math.floor(Date.now() / 1000);
      told('slack:canvases.edit', canvas, world);
      return {};
    },
  },
  'canvases.delete': {
    tier: 3,
    scope: 'canvases:write',
    needs: ['canvas_id'],
    takes: [],
    run(args, world) {
      const canvas = find(args.canvas_id, world);
      world.workspace.canvases.delete(canvas.id);
      const channel = canvas.channel && world.workspace.channels.get(canvas.channel);
      if (channel) channel.canvas = undefined;
      told('slack:canvases.delete', canvas, world);
      return {};
    },
  },
};

const create = (change: string, args: Record<string, any>, channel: SlackChannel | undefined, world: MethodWorld) => {
  if (channel?.canvas) throw new SlackRefusal('channel_canvas_already_exists');
  const at = Math.floor(Date.now() / 1000);
  const canvas: SlackCanvas = {
    id: world.workspace.newId('F'),
    title: args.title ?? '',
    markdown: args.document_content === undefined ? '' : markdownOf(args.document_content),
    channel: channel?.id,
    created: at,
    updated: at,
  };
  world.workspace.canvases.set(canvas.id, canvas);
  if (channel) channel.canvas = canvas.id;
  told(change, canvas, world);
  return canvas;
};

const markdownOf = (content: any): string => {
  const isWellFormed = content?.type === 'markdown' && typeof content.markdown === 'string';
  if (!isWellFormed || content.markdown.length > longest) throw new SlackRefusal('canvas_creation_failed');
  return content.markdown;
};

const find = (id: string, { workspace }: MethodWorld): SlackCanvas => {
  const canvas = workspace.canvases.get(id);
  if (!canvas) throw new SlackRefusal('canvas_not_found');
  return canvas;
};

const told = (change: string, canvas: SlackCanvas, world: MethodWorld) => {
  if (canvas.channel) world.workspace.changed({ kind: 'channel', channel: canvas.channel });
  world.context.ledger.accept(change, `slack:${canvas.channel ?? canvas.id}`, { canvas: canvas.id }).visible();
};
