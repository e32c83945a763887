import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** What the workspace knows of the app, from the manifest with which it would be installed. */
export interface AppManifest {
  commands: { command: string; description: string; usageHint: string }[];
  shortcuts: { name: string; type: 'message' | 'global'; callbackId: string; description: string }[];
  /** Scopes of the bot's token. */
  scopes: string[];
  /** `app_mention`, `message.channels` … */
  events: string[];
}

const usual = new URL('../../app-manifest.yml', import.meta.url);

/** The manifest is the app's public contract, the very file that a person pastes at Slack; the sandbox installs it. */
export const readAppManifest = (path: string | URL = usual): AppManifest => {
  const read = parse(readFileSync(path, 'utf8'));
  return {
    commands: (read.features?.slash_commands ?? []).map((each: any) => ({
      command: each.command,
      description: each.description ?? '',
      usageHint: each.usage_hint ?? '',
    })),
    shortcuts: (read.features?.shortcuts ?? []).map((each: any) => ({
      name: each.name,
      type: each.type,
      callbackId: each.callback_id,
      description: each.description ?? '',
    })),
    scopes: read.oauth_config?.scopes?.bot ?? [],
    events: read.settings?.event_subscriptions?.bot_events ?? [],
  };
};
