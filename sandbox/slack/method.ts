import type { SandboxContext } from '../part.ts';
import type { Tier } from './rate-limits.ts';
import type { Triggers } from './triggers.ts';
import type { SlackMessage, Workspace } from './workspace.ts';

export interface MethodWorld {
  context: SandboxContext;
  workspace: Workspace;
  triggers: Triggers;
  /** The address of a fresh Socket Mode connection. */
  openConnection(): string;
}

/** One method of the Web API. */
export interface Method {
  tier: Tier;
  needs: string[];
  takes: string[];
  /** Accepts the app-level token (`xapp-`) instead of the bot's. */
  appToken?: true;
  /** Throws `SlackRefusal`. A change must be told to the ledger here, at the moment when it is accepted. */
  run(args: Record<string, any>, world: MethodWorld): Record<string, unknown>;
}

/** A message as the API shows it, without what only the sandbox keeps. */
export const shownMessage = (message: SlackMessage, workspace: Workspace, withMetadata: boolean) => ({
  type: 'message',
  user: message.user,
  ...(message.user === workspace.bot.user ? { bot_id: workspace.bot.id, app_id: workspace.appId } : {}),
  ts: message.ts,
  text: message.text,
  team: workspace.team.id,
  ...(message.blocks ? { blocks: message.blocks } : {}),
  ...(message.thread_ts ? { thread_ts: message.thread_ts } : {}),
  ...(message.edits > 0 ? { edited: { user: message.user, ts: message.ts } } : {}),
  ...(message.reactions.length > 0
    ? { reactions: message.reactions.map(({ name, users }) => ({ name, users, count: users.length })) }
    : {}),
  ...(withMetadata && message.metadata ? { metadata: message.metadata } : {}),
});
