import { createServer, type Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { createDialler } from '../../../src/dialler.ts';
import { isForbiddenAddress, isOwnAddress } from '../../../src/systems/forbidden-address.ts';
import { createHttp } from '../../../src/systems/http/index.ts';
import { createHttpClient } from '../../../src/systems/http-client.ts';
import { createWebhook } from '../../../src/systems/webhook/index.ts';
import { tools } from '../../support/talk-world.ts';

/** Something inside that must not be asked: its connections are counted, and it says where it was asked. */
let inside: Server;
let port: number;
let connections = 0;
let answer: { status: number; headers?: Record<string, string> } = { status: 200 };

beforeAll(async () => {
  inside = createServer((_, response) => void response.writeHead(answer.status, answer.headers).end('inside'));
  inside.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((done) => void inside.listen(0, '::', done));
  port = (inside.address() as AddressInfo).port;
});
afterAll(() => void inside.close());
beforeEach(() => {
  connections = 0;
  answer = { status: 200 };
});

const withHosts = (hosts: string) => ({ ...tools, dialler: createDialler({ hosts }) });
const context = () => ({ clock: tools.clock, log: tools.log, signal: new AbortController().signal });
const check = (url: string, given = tools, more: object = {}) => {
  const get = createHttp({}, given).checks.find(({ name }) => name === 'http/get')!;
  return get.ask({ url, status: 200, ...more }, context());
};
/** A name server of somebody else's: each question is answered by the next of these lists. */
const names = (...answers: string[][]) => {
  const asked: string[] = [];
  const lookup = (host: string, options: { all?: boolean }, done: (...given: any[]) => void) => {
    const found = answers[Math.min(asked.length, answers.length - 1)]!.map((address) => ({
      address,
      family: isIP(address),
    }));
    asked.push(host);
    if (options.all) done(null, found);
    else done(null, found[0]!.address, found[0]!.family);
  };
  return { asked, lookup: lookup as never };
};
const ask = (url: string, lookup: never, given = tools) =>
  createHttpClient(given, lookup).ask({ method: 'GET', url }, AbortSignal.timeout(5000));

describe('37 a health check or webhook aimed inward', () => {
  const get = createHttp({}, tools).checks.find(({ name }) => name === 'http/get')!;
  const post = createWebhook({}, tools).actions[0]!;
  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[fe80::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://metadata.google.internal/',
    'http://metadata.google.internal./',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://[fd00:ec2::254]/',
    'http://168.63.129.16/',
  ])('%s is refused where the plan is read', (url) => {
    expect(get.with.safeParse({ url }).success).toBe(false);
    expect(post.with.safeParse({ url, body: {} }).success).toBe(false);
  });

  test.each(['ftp://shop.example/', 'file:///etc/passwd', 'no address'])('%s cannot be asked at all', (url) => {
    expect(get.with.safeParse({ url }).success).toBe(false);
  });

  test.each([
    '127.0.0.1',
    '127.1',
    '127.8.9.10',
    'localhost',
    '0.0.0.0',
    '0',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
  ])('this machine as %s is not connected to, and the check says why', async (host) => {
    const { answer: said, because } = await check(`http://${host}:${port}/`);
    expect(said).toBe('unknown');
    expect(because).toMatch(/the machine that Mayday runs on; it was not asked/);
    expect(connections).toBe(0);
  });

  it('is asked where the operator has mapped that very name', async () => {
    expect(
      await check(`http://shop.example:${port}/`, withHosts(`shop.example:${port}=127.0.0.1:${port}`)),
    ).toMatchObject({ answer: 'yes' });
    expect(await check(`http://127.0.0.1:${port}/`, withHosts(`shop.example:${port}=127.0.0.1:${port}`))).toMatchObject(
      {
        answer: 'unknown',
      },
    );
    expect(connections).toBe(1);
  });

  it('is asked where the check names it and the plan says so; a name that only leads here is not', async () => {
    for (const host of ['127.0.0.1', 'localhost'])
      expect(await check(`http://${host}:${port}/`, tools, { loopback: 'allowed' })).toMatchObject({ answer: 'yes' });
    const { lookup } = names(['127.0.0.1']);
    const client = createHttpClient(tools, lookup);
    const call = { method: 'GET' as const, url: `http://shop.example:${port}/`, mayAskSelf: true };
    await expect(client.ask(call, AbortSignal.timeout(2_000))).rejects.toMatchObject({ code: 'input/invalid' });
    expect(get.with.safeParse({ url: `http://127.0.0.1:${port}/`, loopback: 'yes' }).success).toBe(false);
    expect(connections).toBe(2);
  });

  it('not even a name that the operator has mapped leads to metadata', async () => {
    const mapped = withHosts('shop.example:80=169.254.169.254:80');
    expect((await check('http://shop.example/', mapped)).because).toMatch(/link-local or metadata/);
  });

  it.each([
    ['127.0.0.1'],
    ['169.254.169.254'],
    ['::ffff:127.0.0.1'],
    ['10.0.0.1', '127.0.0.1'],
    ['10.0.0.1', 'fe80::1'],
  ])('a name that leads to %s is refused when it is resolved, one bad address of many as well', async (...found) => {
    const { lookup } = names(found);
    await expect(ask(`http://shop.example:${port}/`, lookup)).rejects.toMatchObject({ code: 'input/invalid' });
    expect(connections).toBe(0);
  });

  it('private addresses stay allowed: that is where health URLs live', () => {
    for (const address of ['10.1.2.3', '172.16.0.9', '192.168.1.1', 'fd12::7'])
      expect([isForbiddenAddress(address), isOwnAddress(address)], address).toEqual([false, false]);
  });

  it('connects to the address that it judged, though the name leads elsewhere a moment later', async () => {
    const own = Object.values(networkInterfaces())
      .flat()
      .find((each) => each?.internal === false && !isForbiddenAddress(each.address))!.address;
    const { asked, lookup } = names([own], ['127.0.0.1']);
    const peers: (string | undefined)[] = [];
    inside.once('connection', (socket) => peers.push(socket.localAddress));
    expect((await ask(`http://shop.example:${port}/`, lookup)).body).toBe('inside');
    expect(asked).toHaveLength(1);
    expect(peers[0]).toContain(own);
    // The next look resolves anew, and is judged anew.
    await expect(ask(`http://shop.example:${port}/`, lookup)).rejects.toMatchObject({ code: 'input/invalid' });
    expect(connections).toBe(1);
  });

  it.each([
    ['to this machine', () => `http://127.0.0.1:${port}/secrets`],
    ['to metadata', () => 'http://169.254.169.254/latest/meta-data/iam/'],
    ['from https to http, or anywhere else', () => `http://shop.example:${port}/elsewhere`],
    ['in a circle', () => `http://shop.example:${port}/`],
  ])('follows no redirect %s: it is the answer', async (_, location) => {
    answer = { status: 302, headers: { location: location() } };
    const mapped = withHosts(`shop.example:${port}=127.0.0.1:${port}`);
    expect(await check(`http://shop.example:${port}/`, mapped)).toMatchObject({
      answer: 'no',
      because: expect.stringContaining('answered 302, not 200'),
    });
    expect(connections).toBe(1);
  });

  it('a webhook is refused in the same way, before anything was sent', async () => {
    const input = { url: `http://localhost:${port}/hook`, body: { text: 'x' }, headerEnv: {} };
    const step = { ...context(), key: 'r-1/tell', beforeChange: async () => AbortSignal.timeout(5000) } as never;
    await expect(post.act(input, step)).rejects.toMatchObject({ code: 'input/invalid', effect: 'not-made' });
    expect(connections).toBe(0);
  });
});
