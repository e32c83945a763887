import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cardOf, hasButton } from '../../src/cli/demo/world.ts';
import { makeKey } from '../support/pinned-keys.ts';
import { cliPath, type RunningBot, runIdIn, startRunningBot } from '../support/running-bot.ts';
import { plantSecrets } from './planted.ts';

/**
 * One secret of each kind goes into everything that people and systems can say to a running bot; then everything that the
 * bot has said, written or kept is searched for them.
 */
describe('36 secrets', { timeout: 120_000 }, () => {
  let bot: RunningBot;
  let secrets: ReturnType<typeof plantSecrets>;
  /** All of them as one text: what somebody pastes in haste. */
  let all = '';
  let stranger: Server;
  let key: { file: string; publicKey: string };
  let told = '';

  beforeAll(async () => {
    key = makeKey();
    const plans = mkdtempSync(join(tmpdir(), 'mayday-vault-'));
    cpSync('test/secrets', plans, { recursive: true, filter: (path) => !path.endsWith('.ts') });
    const file = join(plans, 'vault.yml');
    const written = readFileSync(file, 'utf8');
    writeFileSync(
      file,
      written.replace('email: ada@vault.example }', `email: ada@vault.example, ssh: "${key.publicKey}" }`),
    );
    // The health page, the figures and the webhook, all of which say more than they should.
    stranger = createServer((request, response) => {
      const echoed = `${all} ${request.headers['x-vault'] ?? ''}`;
      if (request.url?.startsWith('/health')) return void response.writeHead(200).end(`not well: ${echoed}`);
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: echoed }));
    });
    await new Promise<void>((done) => void stranger.listen(0, '127.0.0.1', done));
    const { port } = stranger.address() as AddressInfo;
    bot = await startRunningBot({
      plans,
      plan: 'vault',
      speed: 60,
      environment(sandbox) {
        const hosts = sandbox.environment['MAYDAY_HOSTS']!.split(',').filter(
          (entry) => !/^(page|figures|hooks)\./.test(entry),
        );
        const ours = ['page', 'figures', 'hooks'].map((name) => `${name}.vault.example:80=127.0.0.1:${port}`);
        return {
          MAYDAY_HOSTS: [...hosts, ...ours].join(','),
          MAYDAY_LOG: 'debug',
          VAULT_HOOK_SECRET: `hV9${process.pid}x${Date.now().toString(36)}Qz`,
          PAGERDUTY_API_TOKEN: sandbox.environment['PAGERDUTY_API_TOKEN']!,
        };
      },
    });
    secrets = plantSecrets(bot.settings);
    // And words that would mention everybody and run the other way.
    all = [...secrets.map(({ text }) => text), '<!channel> \u202edenrut\u202c'].join(' ');
    await bot.world.post('/kubernetes/prints', { text: all });
  });
  afterAll(async () => {
    await bot?.close();
    stranger?.close();
  });

  const state = () => bot.world.get('/slack/state');
  /** Does something and waits until the bot has answered; what it said is searched later. */
  const asked = async (act: () => Promise<any>): Promise<string> => {
    const before = (await state()).responses.length;
    const result = await act();
    if (result?.body?.errors) return JSON.stringify(result.body.errors);
    return bot.world.until('an answer', 15, async () => {
      const { responses } = await state();
      return responses.length > before ? responses.at(-1).body.text : undefined;
    });
  };
  const command = (line: string, channel = 'general', user = 'ada') => {
    const [name, ...words] = line.split(' ');
    return asked(() => bot.world.post('/slack/command', { user, channel, command: name, text: words.join(' ') }));
  };
  const clickOn = async (run: string, user: string, actionId: string, more: object = {}) => {
    const card = await bot.world.until(`a card with ${actionId}`, 30, async () => {
      const found = await cardOf(bot.world, run);
      return found && hasButton(found.message, actionId) ? found : undefined;
    });
    return bot.world.post('/slack/click', { user, channel: card.channel.id, ts: card.message.ts, actionId, ...more });
  };
  const submit = (user: string, viewId: string, values: object, words = all) =>
    bot.world.post('/slack/submit', {
      user,
      viewId,
      values,
      altered: {
        view: {
          state: { values: Object.fromEntries(Object.keys(values).map((id) => [id, { value: { value: words } }])) },
        },
      },
    });
  const cli = (...args: string[]): Promise<string> =>
    new Promise((done) => {
      execFile(process.execPath, [cliPath, ...args], { env: bot.settings, maxBuffer: 1e8 }, (_, out, err) => {
        told += out + err;
        done(out);
      });
    });

  it('are planted in all that people and systems can say', async () => {
    const { world } = bot;
    const general = (await state()).channels.find(({ name }: any) => name === 'general').id;
    // Where a name, a command or an id is expected, and is said back.
    for (const line of [
      `/failover ${all}`,
      `/dr ${all}`,
      `/dr run ${all}`,
      `/incident ${all}`,
      `/dr status vault ${all}`,
    ])
      await command(line);
    await world.post('/slack/user', { id: 'U0BEN0001', real_name: `Ben ${secrets[0]!.text}` });
    await world.post('/slack/event', {
      event: { type: 'app_mention', user: 'U0ADA0001', channel: general, ts: '1.2', text: `<@U0MAYDAYBT> ${all}` },
    });
    await world.post('/slack/event', {
      event: {
        type: 'reaction_added',
        user: 'U0ADA0001',
        reaction: all.slice(0, 200),
        item: { type: 'message', channel: general, ts: '1.2' },
      },
    });
    // An incident with everything in it.
    await command(`/incident declare P2 vault ${all}`);
    const channel = await world.until('the channel', 30, async () =>
      (await state()).channels.find(({ name }: any) => name.startsWith('inc-')),
    );
    for (const line of [
      `/incident update in 30m ${all}`,
      `/incident task in 2h ${all}`,
      '/incident role commander',
      `/incident role operations <@U0BEN0001>`,
    ])
      await command(line, channel.id);
    await world.post('/slack/join', { user: 'ben', channel: channel.id }).catch(() => {});
    const { ts } = await world.post('/slack/say', { user: 'ben', channel: channel.id, text: all });
    await world.post('/slack/react', { user: 'ada', channel: channel.id, ts, name: 'pushpin' });
    await world.post('/slack/edit', { user: 'ben', channel: channel.id, ts, text: `again ${all}` });
    await world.post('/slack/shortcut', { user: 'ada', callbackId: 'incident:declare', channel: channel.id, ts });
    // A run by a form, whose job prints, whose webhook refuses and whose checks answer too much.
    const opened = await world.post('/slack/command', {
      user: 'ada',
      channel: 'general',
      command: '/failover',
      text: '',
    });
    expect(opened.status).toBe(200);
    const run = runIdIn(await command(`/failover vault door ${all}`));
    await clickOn(run, 'ada', 'run:approve', {
      forge: { actionId: 'run:approve', value: `${run}|${all.slice(0, 900)}` },
    });
    await clickOn(run, 'ada', 'run:approve', { forge: { actionId: all.slice(0, 200), value: all.slice(0, 900) } });
    const approve = await clickOn(run, 'ada', 'run:approve');
    await submit('ada', approve.view.id, { field: { value: 'OPEN' } }, 'OPEN');
    const skip = await clickOn(run, 'ada', 'run:skip:call');
    await submit('ada', skip.view.id, { field: { value: 'x' } });
    await clickOn(run, 'ada', 'run:details');
    await command(`/dr run ${run} retry ${all}`);
    for (const line of ['/dr check vault', '/dr status vault', `/dr run ${run}`, `/dr checklist ${run} ${all}`])
      await command(line);
    await command(`/dr run ${run} abort ${all}`);
    // A second one, refused with a reason, and orders of the command line.
    await world.until('the end', 30, async () =>
      JSON.parse(await cli('run', 'show', run, '--json')).outcome ? true : undefined,
    );
    const started = await cli(
      ...['run', 'start', 'failover', 'vault', 'door', '--anyway', '--as', 'ada', '--key', key.file, '--reason', all],
    );
    const second = runIdIn(started);
    const reject = await clickOn(second, 'ben', 'run:reject');
    await submit('ben', reject.view.id, { field: { value: 'x' } });
    await cli('run', 'abort', second, '--as', 'ada', '--key', key.file, '--reason', all);
    await cli('run', 'start', 'failover', all, 'door', '--as', 'ada', '--key', key.file, '--reason', 'x');
    await command('/incident timeline', channel.id);
    await command('/incident postmortem', channel.id);
    await command(`/incident resolve ${all}`, channel.id);
    await world.post('/slack/home', { user: 'ada' });
    await world.until('the mails', 20, async () => ((await world.get('/mail')).mails.length > 0 ? true : undefined));
    await new Promise((done) => setTimeout(done, 1_500));
  });

  it('are in nothing that the bot has said, written or kept', async () => {
    const { world } = bot;
    const out = new Map<string, string>();
    // Read while the bot lives, and once more what it leaves behind.
    const { channels, ephemeral, responses, views, homes } = await state();
    for (const { name, topic, messages, bookmarks } of channels) {
      const mine = messages.filter(({ user }: any) => user === 'U0MAYDAYBT');
      out.set(`Slack #${name}`, JSON.stringify([name, topic, bookmarks, mine]));
      for (const file of mine.flatMap(({ files = [] }: any) => files)) {
        const headers = { authorization: `Bearer ${bot.settings['SLACK_BOT_TOKEN']}` };
        out.set(`Slack file ${file.name}`, await (await fetch(file.url_private, { headers })).text());
      }
    }
    out.set('Slack answers', JSON.stringify([ephemeral, responses]));
    out.set('Slack forms', JSON.stringify([...views, ...homes].map(({ view: { state: _, ...view } }: any) => view)));
    out.set('PagerDuty', JSON.stringify(await world.get('/pagerduty/state')));
    out.set('Statuspage', JSON.stringify(await world.get('/statuspage/state')));
    out.set('mail', JSON.stringify(await world.get('/mail')));
    for (const path of ['/health', '/metrics']) out.set(path, await (await fetch(bot.webUrl + path)).text());
    for (const args of [
      ['audit', 'export'],
      ['run', 'list', '--json'],
      ['incident', 'list'],
      ['audit', 'search', '--limit', '10000', '--json'],
    ])
      out.set(`mayday ${args.join(' ')}`, await cli(...args));
    const pool = new pg.Pool({ connectionString: bot.databaseUrl, max: 1 });
    const { rows: tables } = await pool.query(
      `SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
    );
    let rows = 0;
    for (const { table_schema: schema, table_name: name } of tables) {
      const found = await pool.query(`SELECT t::text AS line FROM "${schema}"."${name}" t`);
      rows += found.rows.length;
      out.set(`table ${name}`, found.rows.map(({ line }) => line).join('\n'));
    }
    await pool.end();
    expect(rows).toBeGreaterThan(100);
    await bot.kill('SIGTERM');
    out.set('log', bot.log());
    out.set('command line', told);
    const folder = bot.settings['MAYDAY_DATA']!;
    for (const file of readdirSync(folder, { recursive: true, withFileTypes: true }))
      if (file.isFile() && !file.name.endsWith('key.pem'))
        out.set(`file ${file.name}`, readFileSync(join(file.parentPath, file.name), 'latin1'));

    const leaks = [...out].flatMap(([where, text]) =>
      secrets.flatMap(({ kind, needle }) => {
        const at = text.indexOf(needle);
        return at < 0 ? [] : [`${kind} in ${where}: …${text.slice(Math.max(0, at - 160), at)}▮`];
      }),
    );
    expect(leaks).toEqual([]);
    for (const [where, text] of out)
      if (/^(Slack|PagerDuty|Statuspage|mail$)/.test(where)) {
        expect(/[\u202a-\u202e\u2066-\u2069]/.exec(text)?.index, `${where} is turned round`).toBe(undefined);
        if (where.startsWith('Slack')) expect(text, where).not.toContain('<!channel>');
      }
    // And it is not so because nothing was said: each way out tells that something was taken out.
    for (const where of ['Slack answers', 'PagerDuty', 'mail', 'table journal', 'mayday audit export'])
      expect(out.get(where), where).toContain('[redacted');
    expect([...out.keys()].some((where) => where.startsWith('Slack file'))).toBe(true);
  });
});
