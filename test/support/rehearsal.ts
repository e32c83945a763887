import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { readWorldPlan } from '../../sandbox/world-plan.ts';
import { cardOf, hasButton, openWorld, type World } from '../../src/cli/demo/world.ts';
import { plansFor } from './plan-folder.ts';
import { cleanEnvironment, cliPath, readiness, runIdIn, type } from './running-bot.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** One `mayday start`, with a way of its own to the journal that can be held and cut. */
export interface BotProcess {
  pid: number;
  slackUrl: string | undefined;
  webUrl: string;
  proxy: TcpProxy;
  isAlive(): boolean;
  signal(signal: NodeJS.Signals): void;
  kill(signal?: NodeJS.Signals): Promise<void>;
  log(): string;
}

/** A world that outlives its bots: as many of them as are wanted, on one journal, to be killed at will. */
export interface Rehearsal {
  world: World;
  sandbox: Sandbox;
  databaseUrl: string;
  /** The journal as its superuser sees it, past every proxy. */
  journal: pg.Pool;
  plans: string;
  /** Starts one more bot; Slack speaks to it from then on, unless somebody else is spoken to already. */
  start(environment?: Record<string, string>): Promise<BotProcess>;
  bots(): BotProcess[];
  /** The journal's server is at another address now; the bots notice nothing but broken connections. */
  leadTo(journalUrl: string): void;
  /** Slack speaks to this one from now on. */
  attend(bot: BotProcess): Promise<void>;
  close(): Promise<void>;
}

export interface RehearsalOptions {
  /** A superuser's address of a PostgreSQL. */
  postgresUrl: string;
  speed?: number;
  plans?: string;
  plan?: string;
  at?: string;
  environment?: Record<string, string>;
  /** Where the journal lies when it is not where the sandbox keeps its databases. */
  journalUrl?: string;
}

export const openRehearsal = async (options: RehearsalOptions): Promise<Rehearsal> => {
  const folder = mkdtempSync(join(tmpdir(), 'mayday-rehearsal-'));
  const { plans, names } = plansFor(options.plans, options.plan);
  const database = `rehearsal_${randomBytes(6).toString('hex')}`;
  const journalUrl = options.journalUrl ?? options.postgresUrl;
  const asAdmin = async (url: string, sql: string) => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await asAdmin(journalUrl, `CREATE DATABASE ${database}`);
  const address = new URL(journalUrl);
  address.pathname = `/${database}`;
  const sandbox = await startSandbox({
    plans: names.map((name) => readWorldPlan(join(plans, `${name}.yml`))),
    speed: options.speed ?? 30,
    worldStart: new Date(options.at ?? '2026-11-24T15:00:00Z'),
    databaseUrl: options.postgresUrl,
    log: () => {},
  });
  const world = openWorld(sandbox.controlUrl);
  const openJournal = () => {
    const pool = new pg.Pool({ connectionString: address.href, max: 3 });
    pool.on('error', () => {});
    return pool;
  };
  let journal = openJournal();
  const bots = new Set<BotProcess>();
  let spokenTo: BotProcess | undefined;
  let started = 0;

  const attend = async (bot: BotProcess) => {
    spokenTo = bot;
    if (bot.slackUrl) await world.post('/slack/bot', { url: bot.slackUrl });
  };
  const start = async (environment: Record<string, string> = {}): Promise<BotProcess> => {
    const proxy = await startTcpProxy({ host: address.hostname, port: Number(address.port) }, 'postgres');
    const throughProxy = new URL(address.href);
    throughProxy.port = String(proxy.port);
    started += 1;
    const logFile = join(folder, `bot-${started}.log`);
    const log = openSync(logFile, 'a');
    const child: ChildProcess = spawn(process.execPath, [cliPath, 'start'], {
      env: {
        ...cleanEnvironment(),
        ...sandbox.environment,
        DATABASE_URL: throughProxy.href,
        MAYDAY_PLANS: plans,
        MAYDAY_DATA: folder,
        MAYDAY_LOG: 'warn',
        PORT: '0',
        WEB_PORT: '0',
        ...options.environment,
        ...environment,
      },
      stdio: ['ignore', 'pipe', log],
    });
    closeSync(log);
    const isAlive = () => child.exitCode === null && child.signalCode === null;
    const bot: BotProcess = {
      pid: child.pid!,
      slackUrl: undefined,
      webUrl: '',
      proxy,
      isAlive,
      signal: (signal) => void child.kill(signal),
      async kill(signal = 'SIGKILL') {
        if (isAlive()) {
          const gone = new Promise((done) => child.once('exit', done));
          child.kill(signal);
          await gone;
        }
        bots.delete(bot);
        if (spokenTo === bot) spokenTo = undefined;
        await proxy.close();
        const next = [...bots].find((each) => each.isAlive() && each.webUrl !== '');
        if (!spokenTo && next) await attend(next);
      },
      log: () => readFileSync(logFile, 'utf8'),
    };
    bots.add(bot);
    const ready = await readiness(child, bot.log).catch(async (error) => {
      await bot.kill();
      throw error;
    });
    Object.assign(bot, ready);
    if (!spokenTo) await attend(bot);
    return bot;
  };

  return {
    world,
    sandbox,
    get databaseUrl() {
      return address.href;
    },
    get journal() {
      return journal;
    },
    plans,
    start,
    bots: () => [...bots],
    leadTo(journalUrl) {
      address.port = new URL(journalUrl).port;
      for (const bot of bots) bot.proxy.leadTo({ host: address.hostname, port: Number(address.port) });
      void journal.end();
      journal = openJournal();
    },
    attend,
    async close() {
      for (const bot of bots) bot.signal('SIGCONT');
      await Promise.all([...bots].map((bot) => bot.kill()));
      await journal.end();
      await sandbox.close();
      const server = new URL(address.href);
      server.pathname = new URL(journalUrl).pathname;
      await asAdmin(server.href, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`).catch(() => {});
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** Types a command and gives the run that it started. */
export const startRunBy = async (world: World, user: string, command: string, text: string): Promise<string> =>
  runIdIn(await type(world, user, command, text));

/** A run of that command, approved by these people, up to the first change that it makes. */
export const startApproved = async (
  world: World,
  user: string,
  command: string,
  text: string,
  people: readonly string[],
): Promise<string> => {
  const runId = await startRunBy(world, user, command, text);
  await approveRun(world, runId, people);
  return runId;
};

/** Whoever holds a lane of a run just now, by the journal's own word. */
export const holderOf = async (
  { journal, bots }: Pick<Rehearsal, 'journal' | 'bots'>,
  runId: string,
  lane: string,
): Promise<BotProcess | undefined> => {
  const { rows } = await journal.query(`SELECT holder FROM leases WHERE run_id = $1 AND lane = $2`, [runId, lane]);
  const pid = Number(/^\d+/.exec(rows[0]?.holder ?? '')?.[0]);
  return bots().find((bot) => bot.pid === pid);
};

/**
 * Clicks yes for each of these people, in order, once the card asks; types what the rule wants typed. Throws what somebody was
 * told instead.
 */
export const approveRun = async (world: World, runId: string, people: readonly string[]): Promise<void> => {
  for (const user of people) {
    const card = await world.until(`the approval card of ${runId}`, 60, async () => {
      const found = await cardOf(world, runId);
      return found && hasButton(found.message, 'run:approve') ? found : undefined;
    });
    const { view, said, status, body } = await world.post('/slack/click', {
      user,
      channel: card.channel.id,
      ts: card.message.ts,
      actionId: 'run:approve',
    });
    if (!view && (status !== 200 || said?.includes('⚠️')))
      throw new Error(`${user} did not approve ${runId}: ${status} ${said ?? body}`);
    if (!view) continue;
    const word = /Type (\S+) to approve/.exec(JSON.stringify(view))?.[1] ?? '';
    const submitted = await world.post('/slack/submit', { user, viewId: view.id, values: { field: { value: word } } });
    const errors = submitted.body?.errors;
    if (submitted.status !== 200 || errors)
      throw new Error(`${user} did not approve ${runId}: ${submitted.status} ${JSON.stringify(errors)}`);
  }
};

/** What a bot says of itself, whether or not it is well. */
export const healthOf = async (bot: BotProcess): Promise<{ ok: boolean; journal: string; queue: string }> =>
  (await (await fetch(`${bot.webUrl}/health`, { signal: AbortSignal.timeout(20_000) })).json()) as never;

export interface JournalRow {
  stream: string;
  seq: number;
  at: string;
  actor: string;
  type: string;
  version: number;
  data: { at: string; event: any };
}

export const rowsOf = async (journal: pg.Pool, stream: string): Promise<JournalRow[]> => {
  const { rows } = await journal.query(
    'SELECT stream, seq, at, actor, type, version, data FROM journal WHERE stream = $1 ORDER BY seq',
    [stream],
  );
  return rows.map((row) => ({ ...row, seq: Number(row.seq), data: JSON.parse(row.data) }));
};

/** The rows of a run once one of that type is among them. */
export const untilEvent = (
  { world, journal }: Pick<Rehearsal, 'world' | 'journal'>,
  runId: string,
  isIt: (row: JournalRow) => boolean,
  what: string,
  seconds = 90,
): Promise<JournalRow[]> =>
  world.until(`${what} of ${runId}`, seconds, async () => {
    const rows = await rowsOf(journal, `run:${runId}`);
    return rows.some(isIt) ? rows : undefined;
  });

export const untilFinished = (rehearsal: Pick<Rehearsal, 'world' | 'journal'>, runId: string, seconds = 120) =>
  untilEvent(rehearsal, runId, ({ type: kind }) => kind === 'run.finished', 'the end', seconds);
