import { setTimeout as sleep } from 'node:timers/promises';

/** The sandbox as the story's people and its judge see it; the bot is never asked. */
export interface World {
  get<T = any>(path: string): Promise<T>;
  post<T = any>(path: string, body: unknown): Promise<T>;
  /** Everything that was broken on request works again. */
  clearFaults(): Promise<unknown>;
  now(): Promise<Date>;
  /** Waits until `look` finds something, asking again and again; throws what was missing when time is up. */
  until<T>(what: string, seconds: number, look: () => Promise<T | undefined>): Promise<T>;
}

export const openWorld = (controlUrl: string): World => {
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${controlUrl}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${(answer as { error?: string }).error ?? response.status}`);
    return answer as any;
  };
  return {
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    clearFaults: () => call('DELETE', '/faults'),
    now: async () => new Date((await call('GET', '/clock')).now),
    async until(what, seconds, look) {
      const end = performance.now() + seconds * 1000;
      for (;;) {
        const found = await look();
        if (found !== undefined) return found;
        if (performance.now() > end) throw new Error(`Waited ${seconds} s in vain: ${what}.`);
        await sleep(100);
      }
    },
  };
};

export interface LedgerEntry {
  number: number;
  change: string;
  resource: string;
  acceptedAt: string;
  visibleAt?: string;
}

export interface SlackMessage {
  ts: string;
  user: string;
  text: string;
  blocks?: { type: string; text?: { text: string }; elements?: { action_id?: string }[] }[];
}

export interface SlackChannel {
  id: string;
  name: string;
  messages: SlackMessage[];
}

export const channels = async (world: World): Promise<SlackChannel[]> =>
  (await world.get<{ channels: SlackChannel[] }>('/slack/state')).channels;

export const wholeText = (message: SlackMessage): string =>
  [message.text, ...(message.blocks ?? []).map((block) => block.text?.text ?? '')].join('\n');

export const hasButton = (message: SlackMessage, actionId: string): boolean =>
  (message.blocks ?? []).some((block) => block.elements?.some((element) => element.action_id === actionId));

/** The first button whose action begins so. */
export const buttonOf = (message: SlackMessage, beginning: string): string | undefined =>
  (message.blocks ?? [])
    .flatMap((block) => block.elements ?? [])
    .map((element) => element.action_id)
    .find((id) => id?.startsWith(beginning));

/** The one message that is a run's card, wherever it stands. */
export const cardOf = async (
  world: World,
  runId: string,
): Promise<{ channel: SlackChannel; message: SlackMessage } | undefined> => {
  for (const channel of await channels(world))
    for (const message of channel.messages)
      if (message.blocks?.some((block) => JSON.stringify(block).includes(`Run \`${runId}\``)))
        return { channel, message };
  return undefined;
};
