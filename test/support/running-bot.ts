import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { readWorldPlan } from '../../sandbox/world-plan.ts';
import { openWorld, type World } from '../../src/cli/demo/world.ts';
import { plansFor } from './plan-folder.ts';

/** A bot in its own process, with a sandbox that outlives it: what a real installation looks like from outside. */
export interface RunningBot {
  world: World;
  sandbox: Sandbox;
  databaseUrl: string;
  slackUrl: string | undefined;
  webUrl: string;
  /** What it runs with, for the command line beside it. */
  settings: Record<string, string>;
  /** Which process it is. */
  pid(): number | undefined;
  /** Starts it again on the same database and world, after `kill`. */
  start(environment?: Record<string, string>): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** As `kill`, for a signal that it lives on after. */
  signal(signal: NodeJS.Signals): void;
  /** What it wrote to standard error since it was first started. */
  log(): string;
  /** Its log and the end of its journal, for whoever asks why a test failed. */
  story(): Promise<string>;
  close(): Promise<void>;
}

export interface RunningBotOptions {
  speed?: number;
  plans?: string;
  /** Whose world is built; more than one when a plan takes others along. */
  plan?: string | string[];
  at?: string;
  /** Made from the sandbox's own settings; the default is HTTP and the queue on PostgreSQL. */
  environment?(sandbox: Sandbox, world: World): Promise<Record<string, string>> | Record<string, string>;
}

/** All that run in this process, whichever test opened them. */
export const openBots = new Set<RunningBot>();

/** Events of the journal that are told of a failed test. */
const lastEvents = 60;

export const cliPath = resolve('src/cli.ts');

/** The environment without anything that could point a test at a real service. */
export const cleanEnvironment = (): Record<string, string> => {
  const { PATH = '', HOME = '', CI } = process.env;
  return { PATH, HOME, ...(CI ? { CI } : {}) };
};

export const startRunningBot = async (options: RunningBotOptions = {}): Promise<RunningBot> => {
  const folder = mkdtempSync(join(tmpdir(), 'mayday-bot-'));
  const { plans, names } = plansFor(options.plans, options.plan);
  const database = `bot_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Pool({ connectionString: inject('databaseUrl'), max: 1 });
  await admin.query(`CREATE DATABASE ${database}`);
  const address = new URL(inject('databaseUrl'));
  address.pathname = `/${database}`;
  const sandbox = await startSandbox({
    plans: names.map((name) => readWorldPlan(join(plans, `${name}.yml`))),
    speed: options.speed ?? 30,
    worldStart: new Date(options.at ?? '2026-11-24T15:00:00Z'),
    databaseUrl: inject('databaseUrl'),
    log: () => {},
  });
  const world = openWorld(sandbox.controlUrl);
  const logFile = join(folder, 'bot.log');
  const more = (await options.environment?.(sandbox, world)) ?? {};
  let child: ChildProcess | undefined;
  const bot: RunningBot = {
    world,
    sandbox,
    databaseUrl: address.href,
    slackUrl: undefined,
    webUrl: '',
    settings: {
      ...cleanEnvironment(),
      ...sandbox.environment,
      DATABASE_URL: address.href,
      MAYDAY_PLANS: plans,
      MAYDAY_DATA: folder,
      MAYDAY_LOG: 'warn',
      PORT: '0',
      WEB_PORT: '0',
      ...more,
    },
    pid: () => child?.pid,
    async start(environment = {}) {
      const log = openSync(logFile, 'a');
      child = spawn(process.execPath, [cliPath, 'start'], {
        env: { ...bot.settings, ...environment },
        stdio: ['ignore', 'pipe', log],
      });
      closeSync(log);
      const ready = await readiness(child, () => readFileSync(logFile, 'utf8'));
      bot.slackUrl = ready.slackUrl;
      bot.webUrl = ready.webUrl;
      if (ready.slackUrl) await world.post('/slack/bot', { url: ready.slackUrl });
    },
    signal: (signal) => void child?.kill(signal),
    async kill(signal) {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((done) => child!.once('exit', done));
      child.kill(signal);
      await gone;
    },
    log: () => readFileSync(logFile, 'utf8'),
    async story() {
      const pool = new pg.Pool({ connectionString: address.href, max: 1 });
      try {
        const { rows } = await pool.query(
          `SELECT stream, seq, type, left(data, 400) AS data FROM journal
           ORDER BY data::jsonb ->> 'at' DESC, stream, seq DESC LIMIT ${lastEvents}`,
        );
        const { rows: runs } = await pool.query('SELECT * FROM runs');
        const { rows: leases } = await pool.query('SELECT *, expires_at > clock_timestamp() AS held FROM leases');
        const events = rows.reverse().map(({ stream, seq, type, data }) => `${stream} ${seq} ${type} ${data}`);
        const told = [...runs, ...leases].map((row) => JSON.stringify(row));
        const { responses } = await world.get('/slack/state');
        told.push(...responses.slice(-5).map((response: unknown) => JSON.stringify(response)));
        return [`pid ${child?.pid}, world ${await world.now()}`, bot.log(), ...told, ...events].join('\n');
      } finally {
        await pool.end();
      }
    },
    async close() {
      openBots.delete(bot);
      await bot.kill('SIGTERM');
      await sandbox.close();
      await admin.query(`DROP DATABASE ${database} WITH (FORCE)`);
      await admin.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  openBots.add(bot);
  await bot.start();
  return bot;
};

export const readiness = (child: ChildProcess, log: () => string): Promise<{ slackUrl?: string; webUrl: string }> =>
  new Promise((done, reject) => {
    let output = '';
    child.stdout!.on('data', (chunk) => {
      output += chunk;
      for (const line of output.split('\n'))
        if (line.startsWith('{"ready"') && line.endsWith('}')) done(JSON.parse(line));
    });
    child.once('exit', (code) => reject(new Error(`The bot ended with code ${code}:\n${log()}`)));
    child.once('error', reject);
  });

/** Types a command and gives the answer to that person alone. */
export const type = async (world: World, user: string, command: string, text: string): Promise<string> => {
  const before = (await world.get('/slack/state')).responses.length;
  await world.post('/slack/command', { user, channel: 'general', command, text });
  return world.until(`an answer to ${command} ${text}`, 30, async () => {
    const { responses } = await world.get('/slack/state');
    return responses.length > before ? responses.at(-1).body.text : undefined;
  });
};

/** Gives an order that starts a run, again while a run that has ended is still saying its last words and holds what it worked on. */
export const startedRun = (world: World, order: () => Promise<string>): Promise<string> =>
  world.until('a run that is started', 60, async () => {
    const answer = await order();
    return answer.includes('is held by run') ? undefined : runIdIn(answer);
  });

/** The run that an answer says was started; a refusal may name another one. */
export const runIdIn = (answer: string): string => {
  const id = answer.includes('is held by run') ? undefined : /r-[a-z0-9]{8}/.exec(answer)?.[0];
  if (!id) throw new Error(`No run was started; the bot said: ${answer}`);
  return id;
};
