import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { WebClient } from '@slack/web-api';
import { inject } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { readWorldPlan } from '../../sandbox/world-plan.ts';
import { everything, webClientOf } from './listening-slack.ts';
import { plansFor } from './plan-folder.ts';

/** A world with its page, and in place of Mayday a bot that takes everything and answers what a test says. */
export interface Desk {
  sandbox: Sandbox;
  url: string;
  web: WebClient;
  received: any[];
  answer: { body: unknown };
  close(): Promise<void>;
}

export const startDesk = async (plan = 'omnimesh'): Promise<Desk> => {
  const received: any[] = [];
  const answer: Desk['answer'] = { body: '' };
  const bot = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const form = new URLSearchParams(text);
      const isJson = request.headers['content-type']?.includes('json');
      if (isJson) received.push(JSON.parse(text));
      else received.push(form.has('payload') ? JSON.parse(form.get('payload')!) : Object.fromEntries(form));
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => bot.once('listening', resolve));
  const { plans, names } = plansFor(undefined, plan);
  const sandbox = await startSandbox({
    plans: names.map((name) => readWorldPlan(join(plans, `${name}.yml`))),
    speed: 10,
    worldStart: new Date('2026-11-24T15:00:00Z'),
    databaseUrl: inject('databaseUrl'),
    botUrl: `http://127.0.0.1:${(bot.address() as AddressInfo).port}`,
    manifest: {
      ...everything(),
      shortcuts: [
        { name: 'Put on the timeline', type: 'message', callbackId: 'to-timeline', description: 'A message shortcut' },
        { name: 'Declare an incident', type: 'global', callbackId: 'declare', description: 'A global shortcut' },
      ],
    },
    log: () => {},
  });
  return {
    sandbox,
    url: sandbox.workspaceUrl,
    web: webClientOf(sandbox),
    received,
    answer,
    async close() {
      await sandbox.close();
      bot.close();
    },
  };
};
