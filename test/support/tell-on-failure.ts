import { afterEach } from 'vitest';
import { openBots } from './running-bot.ts';

/** What a failed test leaves of its bots is gone with their folders; without it a fault that comes once a day is never found. */
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const bot of openBots) console.error(`${task.name}\n${await bot.story().catch(String)}`);
});
