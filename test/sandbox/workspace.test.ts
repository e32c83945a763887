import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeTyped, typedOf } from '../../sandbox/workspace/page/encode.ts';
import { messageOf, safeUrl } from '../../sandbox/workspace/page/links.ts';
import { readMrkdwn } from '../../sandbox/workspace/page/mrkdwn.ts';
import { type Desk, startDesk } from '../support/desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await startDesk();
});
afterAll(() => desk.close());

/** As a browser or anybody else would ask; `fetch` would not let these headers be forged. */
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET', body = ''): Promise<any> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(desk.url);
    const asked = request({ port, host: '127.0.0.1', path, method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
const json = { 'content-type': 'application/json' };
const say = JSON.stringify({ user: 'U0DRLEAD1', channel: 'incidents', text: 'hello' });
const said = () => desk.sandbox.context.ledger.entries().length;

describe('the page comes', () => {
  it('with a policy that runs nothing but its own files', async () => {
    const page = await ask('/');
    const policy = page.headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(page.text).not.toMatch(/<script(?![^>]* src=)|<style| on[a-z]+=/);
    expect(page.headers['set-cookie']).toBeUndefined();
  });
  it('without types, and with libraries by address', async () => {
    const { text, headers } = await ask('/page/store.ts');
    expect(headers['content-type']).toMatch(/^text\/javascript/);
    expect(text).not.toMatch(/^import type|interface /m);
    expect(text).toContain("from '/lib/preact-hooks.js'");
    expect((await ask('/lib/preact-hooks.js')).text).toMatch(/from ?"\/lib\/preact.js"/);
  });
  it('and nothing beside it', async () => {
    for (const path of ['/page/../start-workspace.ts', '/page/tsconfig.json', '/lib/../package.json', '/etc/passwd'])
      expect((await ask(path)).status, path).toBe(404);
  });
});

describe('another page in the same browser', () => {
  it.each<[string, Record<string, string>]>([
    ['from another origin', { origin: 'https://evil.example' }],
    ['from another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['from a sandboxed frame', { origin: 'null' }],
    ['by a name of its own that leads here', { host: 'evil.example' }],
    ['as its browser says', { 'sec-fetch-site': 'cross-site' }],
    ['on another port, as its browser says', { 'sec-fetch-site': 'same-site' }],
  ])('cannot drive the world %s', async (_how, headers) => {
    const before = said();
    expect((await ask('/api/act/say', { ...json, ...headers }, 'POST', say)).status).toBe(403);
    expect((await ask('/api/live', headers)).status).toBe(403);
    expect((await ask('/api/act/mend', { ...json, ...headers }, 'POST', '{}')).status).toBe(403);
    expect(said()).toBe(before);
  });
  it('cannot send a form, which would need no leave of its browser', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
      expect((await ask('/api/act/mend', { 'content-type': type }, 'POST', '{}')).status).toBe(403);
  });
  it('may lead to it by a link', async () => {
    const followed = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await ask('/', followed)).status).toBe(200);
    expect((await ask('/api/live', followed)).status).toBe(403);
  });
  it('is told apart from the page itself', async () => {
    const own = { ...json, origin: desk.url, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' };
    expect((await ask('/api/act/say', own, 'POST', say)).status).toBe(200);
    expect((await ask('/api/act/nothing', own, 'POST', '{}')).status).toBe(400);
  });
});

describe('a file of the workspace', () => {
  it('is shown only when it is a picture, so that none becomes a page of this origin', async () => {
    const { channels } = await desk.web.conversations.list();
    const channel_id = channels!.find(({ name }) => name === 'incidents')!.id!;
    const upload = async (filename: string) => {
      const { files } = (await desk.web.filesUploadV2({
        filename,
        content: '<script>alert(1)</script>',
        channel_id,
      })) as any;
      return (await ask(`/api/files/${files[0].files[0].id}`)).headers;
    };
    for (const name of ['report.html', 'picture.svg', 'notes.txt']) {
      const headers = await upload(name);
      expect(headers['content-disposition'], name).toMatch(/^attachment/);
      expect(headers['content-type'], name).toBe('application/octet-stream');
    }
    const picture = await upload('picture.png');
    expect([picture['content-type'], picture['x-content-type-options']]).toEqual(['image/png', 'nosniff']);
  });
});

describe('markup', () => {
  const flat = (source: string): unknown => readMrkdwn(source);
  const text = (words: string) => ({ kind: 'text', text: words });
  const lines = (...pieces: object[]) => [{ kind: 'lines', pieces }];
  it.each<[string, unknown]>([
    ['plain', lines(text('plain'))],
    [
      '*bold* and _italic_',
      lines({ kind: 'bold', pieces: [text('bold')] }, text(' and '), { kind: 'italic', pieces: [text('italic')] }),
    ],
    ['snake_case_name and 2*3*4', lines(text('snake_case_name and 2*3*4'))],
    ['*not bold', lines(text('*not bold'))],
    ['`*code* &lt;b&gt;`', lines({ kind: 'code', text: '*code* <b>' })],
    ['*bold `code`*', lines({ kind: 'bold', pieces: [text('bold '), { kind: 'code', text: 'code' }] })],
    [
      '<@U1> <#C1|inc> <!here>',
      lines(
        { kind: 'user', id: 'U1', label: undefined },
        text(' '),
        { kind: 'channel', id: 'C1', label: 'inc' },
        text(' '),
        { kind: 'broadcast', range: 'here' },
      ),
    ],
    [
      '<https://a.example/?b=1&amp;c=2|words>',
      lines({ kind: 'link', url: 'https://a.example/?b=1&c=2', pieces: [text('words')] }),
    ],
    [
      '<!date^1795000000^{date} {time}|then>',
      lines({ kind: 'date', timestamp: 1_795_000_000, pattern: '{date} {time}', url: undefined, fallback: 'then' }),
    ],
    [
      ':rotating_light: 10:30:15',
      lines({ kind: 'emoji', name: 'rotating_light' }, text(' 10'), { kind: 'emoji', name: '30' }, text('15')),
    ],
    ['> quoted\nnot', [{ kind: 'quote', paragraphs: lines(text('quoted')) }, ...lines(text('not'))]],
    [
      '• one\n• two',
      [
        {
          kind: 'list',
          items: [
            { marker: '•', depth: 0, pieces: [text('one')] },
            { marker: '•', depth: 0, pieces: [text('two')] },
          ],
        },
      ],
    ],
    ['```\na < b\n*raw*\n```', [{ kind: 'preformatted', text: 'a < b\n*raw*' }]],
    ['``` never closed', lines(text('``` never closed'))],
    [
      '<img src=x onerror=alert(1)>',
      lines({ kind: 'link', url: 'img src=x onerror=alert(1)', pieces: [text('img src=x onerror=alert(1)')] }),
    ],
  ])('%s', (source, expected) => {
    expect(flat(source)).toEqual(expected);
  });

  const known = {
    people: new Map([['U1', { id: 'U1', name: 'dr-lead' }]]),
    channels: new Map([['C1', { id: 'C1', name: 'inc-1', kind: 'channel' as const }]]),
  };
  it.each([
    ['@dr-lead look at #inc-1.', '<@U1> look at <#C1|inc-1>.'],
    ['@nobody in #nowhere', '@nobody in #nowhere'],
    ['a < b & c', 'a &lt; b &amp; c'],
    ['see https://a.example/?b=1&c=2.', 'see <https://a.example/?b=1&amp;c=2>.'],
    ['<@U1> written out', '&lt;@U1&gt; written out'],
    ['@here', '<!here>'],
    ['mail@dr-lead', 'mail@dr-lead'],
  ])('%s is sent as Slack sends it', (written, sent) => {
    expect(encodeTyped(written, known)).toBe(sent);
    expect(typedOf(sent, known)).toBe(written);
  });
  it('leads nowhere but to the web', () => {
    expect(safeUrl('https://a.example/')).toBe('https://a.example/');
    for (const url of [
      'javascript:alert(1)',
      ' javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      'img src=x',
    ])
      expect(safeUrl(url), url).toBeUndefined();
    const link = 'https://sandbox.slack.com/archives/C1/p1795000000000100?thread_ts=1795000000.000001&cid=C1';
    expect(messageOf(link)).toEqual({ channel: 'C1', ts: '1795000000.000100', thread: '1795000000.000001' });
  });
});
