import { stringify } from 'yaml';
import { commands } from '../../commands/index.ts';
import { manifestOf, placeholderUrl } from '../chat/manifest.ts';
import { print } from './print.ts';

const heading = `# The Slack app, made from commands/ and from src/systems/slack/scopes.ts: do not edit, but run
#   npm run --silent mayday -- manifest > app-manifest.yml
# Paste it at https://api.slack.com/apps, "Create New App", "From a manifest", with the address of your own Mayday in
# place of ${placeholderUrl}.
`;

export const manifestText = (url?: string): string =>
  heading + stringify(manifestOf(commands, url), { lineWidth: 120 });

export const manifest = async (options: { url: string }): Promise<void> => print(manifestText(options.url).trimEnd());
