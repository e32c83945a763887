import type { System, SystemTools } from '../../define.ts';
import { send } from './actions/send.ts';
import { createEmailClient, type EmailClient } from './client.ts';
import type { EmailSettings } from './config.ts';

export { type EmailSettings, emailSettings } from './config.ts';

/** E-mail over SMTP. */
export const createEmail = (settings: EmailSettings, tools: SystemTools): System & { client: EmailClient } => {
  const client = createEmailClient(settings, tools);
  return { name: 'email', actions: [send(client)], checks: [], kinds: [], client, async close() {} };
};
