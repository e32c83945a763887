import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { setDurations } from './durations.ts';
import { startSandbox } from './start.ts';
import { readWorldPlan } from './world-plan.ts';

const usage =
  'sandbox/main.ts --plans <folder or files> --database-url <postgres URL> [--speed 30] [--start <ISO time>] [--control-port 0] [--bot-url http://127.0.0.1:3000] [--durations <YAML file>]';

const planFiles = (paths: string[]): string[] =>
  paths.flatMap((path) =>
    statSync(path).isDirectory()
      ? readdirSync(path)
          .filter((name) => /\.ya?ml$/.test(name))
          .map((name) => join(path, name))
      : [path],
  );

const secondsSinceTouched = (path: string): number => {
  try {
    return (Date.now() - statSync(path).mtimeMs) / 1000;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
};

const main = async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      plans: { type: 'string', multiple: true },
      speed: { type: 'string', default: '30' },
      start: { type: 'string' },
      'database-url': { type: 'string' },
      'control-port': { type: 'string', default: '0' },
      'keep-alive-file': { type: 'string' },
      durations: { type: 'string' },
      'bot-url': { type: 'string', default: 'http://127.0.0.1:3000' },
    },
  });
  const plans = [...(values.plans ?? []), ...positionals];
  const speed = Number(values.speed);
  const worldStart = values.start ? new Date(values.start) : new Date();
  if (plans.length === 0 || !values['database-url'] || !(speed > 0) || Number.isNaN(worldStart.getTime())) {
    throw new Error(`usage: ${usage}`);
  }
  if (values.durations) setDurations(parse(readFileSync(values.durations, 'utf8')));
  const sandbox = await startSandbox({
    plans: planFiles(plans).map(readWorldPlan),
    speed,
    worldStart,
    databaseUrl: values['database-url'],
    controlPort: Number(values['control-port']),
    botUrl: values['bot-url'],
  });
  let closing = false;
  const stop = async () => {
    if (closing) return;
    closing = true;
    await sandbox.close();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => void stop());
  const keepAlive = values['keep-alive-file'];
  // Nobody has needed this world for a minute: whoever started it was killed.
  if (keepAlive) setInterval(() => void (secondsSinceTouched(keepAlive) > 60 && stop()), 5_000).unref();
  process.stdout.write(
    `${JSON.stringify({
      ready: true,
      controlUrl: sandbox.controlUrl,
      workspaceUrl: sandbox.workspaceUrl,
      environment: sandbox.environment,
    })}\n`,
  );
};

main().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
