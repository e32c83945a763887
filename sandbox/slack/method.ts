import type { SandboxContext } from '../part.ts';
import type { AppEvents } from './app-events.ts';
import type { Files } from './files.ts';
import type { Tier } from './rate-limits.ts';
import type { Triggers } from './triggers.ts';
import type { Workspace } from './workspace.ts';

export interface MethodWorld {
  context: SandboxContext;
  workspace: Workspace;
  triggers: Triggers;
  events: AppEvents;
  files: Files;
  /** The address of a fresh Socket Mode connection. */
  openConnection(): string;
}

/** One method of the Web API. */
export interface Method {
  tier: Tier;
  /** What the bot's token must have been granted; by the kind of channel where it differs. Absent: nothing. */
  scope?: string | ((args: Record<string, any>, world: MethodWorld) => string);
  needs: string[];
  takes: string[];
  /** Accepts the app-level token (`xapp-`) instead of the bot's. */
  appToken?: true;
  /** Throws `SlackRefusal`. A change must be told to the ledger here, at the moment when it is accepted. */
  run(args: Record<string, any>, world: MethodWorld): Record<string, unknown>;
}

/** The scope that a method needs for the channel at hand: `history` → `channels:history`, `groups:history`, `im:history`. */
export const scopeByChannel =
  (right: 'history' | 'read' | 'manage' | 'join'): Method['scope'] =>
  (args, { workspace }) => {
    const channel = workspace.findChannel(String(args['channel'] ?? ''));
    const kind = channel?.kind === 'im' ? 'im' : channel?.is_private ? 'groups' : 'channels';
    if (right === 'manage' && kind !== 'channels') return `${kind}:write`;
    return `${kind}:${right}`;
  };
