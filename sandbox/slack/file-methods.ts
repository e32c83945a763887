import { accept, channelToWrite, findMessage } from './channel-access.ts';
import { checkBlocks } from './check-blocks.ts';
import type { Method, MethodWorld } from './method.ts';
import { SlackRefusal } from './slack-refusal.ts';
import type { SlackFile } from './workspace-shapes.ts';

/** `files.*`: an upload is begun, sent to the address that came back, and completed. */
export const fileMethods: Record<string, Method> = {
  'files.getUploadURLExternal': {
    tier: 4,
    scope: 'files:write',
    needs: ['filename', 'length'],
    takes: ['alt_txt', 'snippet_type'],
    run(args, { files }) {
      const length = Number(args.length);
      if (!Number.isInteger(length) || length < 1)
        throw new SlackRefusal('invalid_arguments', ['[ERROR] length must be a number above 0']);
      if (String(args.alt_txt ?? '').length > 1000) throw new SlackRefusal('alt_txt_too_large');
      const { id, uploadUrl } = files.begin(String(args.filename), length, args.alt_txt);
      return { file_id: id, upload_url: uploadUrl };
    },
  },
  'files.completeUploadExternal': {
    tier: 4,
    scope: 'files:write',
    needs: ['files'],
    takes: ['channel_id', 'channels', 'thread_ts', 'initial_comment', 'blocks'],
    run(args, world) {
      if (!Array.isArray(args.files) || args.files.length === 0)
        throw new SlackRefusal('invalid_arguments', ['[ERROR] files must be a list of { id, title }']);
      if (args.blocks !== undefined) checkBlocks(args.blocks, 'message');
      const channels = [args.channel_id, ...String(args.channels ?? '').split(',')].filter(Boolean);
      const places = channels.map((id: string) => channelToWrite(id, world));
      if (args.thread_ts !== undefined) {
        if (places.length !== 1) throw new SlackRefusal('invalid_arguments', ['[ERROR] thread_ts needs one channel']);
        findMessage(places[0]!, args.thread_ts, 'thread_not_found');
      }
      const complete = args.files.map((each: any) => find(each?.id, world));
      for (const [index, kept] of complete.entries()) {
        kept.complete = true;
        kept.file.title = args.files[index].title ?? kept.file.name;
      }
      const files: SlackFile[] = complete.map(({ file }) => file);
      for (const channel of places) {
        const message = world.workspace.addMessage(channel, {
          user: world.workspace.bot.user,
          text: args.initial_comment ?? '',
          blocks: args.initial_comment === undefined ? args.blocks : undefined,
          thread_ts: args.thread_ts,
          files,
        });
        accept(world, 'slack:files.completeUploadExternal', channel, {
          ts: message.ts,
          files: files.map(({ id }) => id),
        });
        for (const { id } of files)
          world.events.tellSoon('file_shared', channel, {
            type: 'file_shared',
            file_id: id,
            user_id: message.user,
            file: { id },
            channel_id: channel.id,
          });
      }
      if (places.length === 0)
        world.context.ledger.accept('slack:files.completeUploadExternal', `slack:${files[0]!.id}`).visible();
      return { files };
    },
  },
  'files.info': {
    tier: 4,
    scope: 'files:read',
    needs: ['file'],
    takes: ['count', 'page', 'limit', 'cursor'],
    run(args, { files }) {
      const kept = files.find(args.file);
      if (!kept?.complete) throw new SlackRefusal('file_not_found');
      return { file: kept.file };
    },
  },
};

const find = (id: unknown, { files }: MethodWorld) => {
  const kept = files.find(String(id));
  // An upload that never came cannot be completed.
  if (!kept?.content || kept.complete) throw new SlackRefusal('file_not_found');
  return kept;
};
