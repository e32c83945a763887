import { accept, channelToWrite } from './channel-access.ts';
import type { Method, MethodWorld } from './method.ts';
import { SlackRefusal } from './slack-refusal.ts';
import type { SlackBookmark, SlackChannel } from './workspace-shapes.ts';

const mostBookmarks = 100;

/** `bookmarks.*`. */
export const bookmarkMethods: Record<string, Method> = {
  'bookmarks.add': {
    tier: 2,
    scope: 'bookmarks:write',
    needs: ['channel_id', 'title', 'type'],
    takes: ['link', 'emoji', 'entity_id', 'parent_id', 'access_level'],
    run(args, world) {
      const channel = channelToWrite(args.channel_id, world);
      if (args.type !== 'link') throw new SlackRefusal('invalid_bookmark_type');
      checkLink(args.link);
      checkEmoji(args.emoji);
      if (channel.bookmarks.length >= mostBookmarks) throw new SlackRefusal('too_many_bookmarks');
      const bookmark: SlackBookmark = {
        id: world.workspace.newId('Bk'),
        channel_id: channel.id,
        title: String(args.title),
        link: String(args.link),
        emoji: args.emoji ?? '',
        type: 'link',
        date_created: Math.floor(Date.now() / 1000),
        date_updated: 0,
      };
      channel.bookmarks.push(bookmark);
      told(world, 'slack:bookmarks.add', channel, bookmark);
      return { bookmark: shown(bookmark, channel, world) };
    },
  },
  'bookmarks.edit': {
    tier: 2,
    scope: 'bookmarks:write',
    needs: ['channel_id', 'bookmark_id'],
    takes: ['title', 'link', 'emoji'],
    run(args, world) {
      const channel = channelToWrite(args.channel_id, world);
      const bookmark = find(channel, args.bookmark_id);
      if (args.link !== undefined) checkLink(args.link);
      checkEmoji(args.emoji);
      for (const key of ['title', 'link', 'emoji'] as const) if (args[key] !== undefined) bookmark[key] = args[key];
      bookmark.date_updated = Math.floor(Date.now() / 1000);
      told(world, 'slack:bookmarks.edit', channel, bookmark);
      return { bookmark: shown(bookmark, channel, world) };
    },
  },
  'bookmarks.list': {
    tier: 3,
    scope: 'bookmarks:read',
    needs: ['channel_id'],
    takes: [],
    run(args, world) {
      const channel = channelToWrite(args.channel_id, world);
      return { bookmarks: channel.bookmarks.map((bookmark) => shown(bookmark, channel, world)) };
    },
  },
  'bookmarks.remove': {
    tier: 2,
    scope: 'bookmarks:write',
    needs: ['channel_id', 'bookmark_id'],
    takes: ['quip_section_id'],
    run(args, world) {
      const channel = channelToWrite(args.channel_id, world);
      const bookmark = find(channel, args.bookmark_id);
      channel.bookmarks.splice(channel.bookmarks.indexOf(bookmark), 1);
      told(world, 'slack:bookmarks.remove', channel, bookmark);
      return {};
    },
  },
};

const find = (channel: SlackChannel, id: string): SlackBookmark => {
  const bookmark = channel.bookmarks.find((each) => each.id === id);
  if (!bookmark) throw new SlackRefusal('not_found');
  return bookmark;
};

const checkLink = (link: unknown) => {
  const isWeb = URL.canParse(String(link)) && /^(https?|slack):$/.test(new URL(String(link)).protocol);
  if (!isWeb || String(link).length > 3000) throw new SlackRefusal('invalid_link');
};

const checkEmoji = (emoji: unknown) => {
  if (emoji !== undefined && !/^:[a-z0-9_+'-]+:$/.test(String(emoji))) throw new SlackRefusal('invalid_emoji');
};

const shown = (bookmark: SlackBookmark, channel: SlackChannel, { workspace }: MethodWorld) => ({
  ...bookmark,
  icon_url: null,
  entity_id: null,
  rank: channel.bookmarks.indexOf(bookmark).toString(36),
  last_updated_by_user_id: workspace.bot.user,
  last_updated_by_team_id: workspace.team.id,
  shortcut_id: null,
  app_id: workspace.appId,
});

const told = (world: MethodWorld, change: string, channel: SlackChannel, bookmark: SlackBookmark) => {
  world.workspace.changed({ kind: 'channel', channel: channel.id });
  accept(world, change, channel, { bookmark: bookmark.id, title: bookmark.title });
};
