import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inFolder, runChild, startChild, withoutTokens } from '../child.ts';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const connections = 50;
const warmUpSeconds = 3;
const seconds = 10;

export interface Load {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  refused: number;
  requests: number;
}

export interface Acknowledging {
  bolt: Load;
  mayday: Load;
  ratio: number;
  /** Commands in the journal, which verifies; each of them was answered, the last one this long after the load ended. */
  journalled: number;
  answeredAfterSeconds: number;
}

/**
 * Slash commands a second, acknowledged by Mayday after it has made each durable, against Bolt that only acknowledges:
 * each in a process of its own, the same generator, one after the other.
 */
export const measureAcknowledging = (): Promise<Acknowledging> =>
  inFolder(async (folder) => {
    const sink = await startChild<{ url: string }>(here('sink.ts'));
    const load = (url: string, environment: NodeJS.ProcessEnv) =>
      runChild<Load>(here('load.ts'), [url, sink.said.url, ...[connections, warmUpSeconds, seconds].map(String)], {
        ...process.env,
        ...environment,
      });
    try {
      const secret = { SLACK_SIGNING_SECRET: 'bench-bench-bench-bench' };
      const bare = await startChild<{ slackUrl: string }>(here('bare-bolt.ts'), [], { ...process.env, ...secret });
      const bolt = await load(bare.said.slackUrl, secret).finally(() => bare.close());

      const environment = {
        ...withoutTokens(process.env),
        SLACK_API_URL: `${sink.said.url}/api/`,
        MAYDAY_DATA: folder,
        MAYDAY_LOG: 'error',
        PORT: '0',
        WEB_PORT: '0',
      };
      const cli = here('../../src/cli.ts');
      const bot = await startChild<{ slackUrl: string }>(cli, ['start', '--speed', '1'], environment);
      try {
        const sandbox = JSON.parse(readFileSync(join(folder, 'sandbox.json'), 'utf8'));
        const mayday = await load(bot.said.slackUrl, {
          SLACK_SIGNING_SECRET: sandbox.environment.SLACK_SIGNING_SECRET,
        });
        const audit = await runChild<{ entries: number; verified: boolean }>(
          cli,
          ['audit', 'verify', '--json'],
          environment,
        );
        if (!audit.verified) throw new Error('The journal does not verify after the load.');
        // An acknowledged command that is never answered would be no result.
        const answeredAfterSeconds = await untilAnswered(sink.said.url, audit.entries);
        return {
          bolt,
          mayday,
          answeredAfterSeconds,
          ratio: mayday.perSecond / bolt.perSecond,
          journalled: audit.entries,
        };
      } finally {
        await bot.close();
      }
    } finally {
      await sink.close();
    }
  });

const patienceSeconds = 30;

const untilAnswered = async (url: string, wanted: number): Promise<number> => {
  const start = performance.now();
  for (;;) {
    const answers = Number(await (await fetch(url)).text());
    const seconds = (performance.now() - start) / 1000;
    if (answers >= wanted) return seconds;
    if (seconds > patienceSeconds) throw new Error(`${answers} of ${wanted} commands were answered.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
