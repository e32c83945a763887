import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proven } from './proven.ts';
import { form, openDoor, type Quay, startQuay } from './quay.ts';

/** What anybody can send to the port of a bot that runs, byte for byte; only what Slack signed gets any further. */
describe('bad input over HTTP', { timeout: 120_000 }, () => {
  let quay: Quay;
  let door: ReturnType<typeof openDoor>;
  let runsBefore = 0;
  beforeAll(async () => {
    quay = await startQuay('http');
    door = openDoor(quay);
  });
  afterAll(() => quay?.close());

  const ways = ['command', 'click', 'form', 'shortcut', 'event'] as const;
  type Sent = { status: number; text: string };

  /** Each way in gets it; each is refused with one sentence, counted, and nothing comes of it. */
  const refuses = async (send: (body: string) => Promise<Sent>, status: number, sentence: RegExp) => {
    const counted = await quay.refused();
    const recorded = (await quay.journal('request.received')).length;
    for (const way of ways) {
      const answer = await send(door.ways[way]());
      expect({ way, ...answer }).toEqual({ way, status, text: expect.stringMatching(sentence) });
      expect(answer.text, 'one sentence').toMatch(/^[A-Z][^.]*\.$/);
    }
    expect(await quay.refused()).toBe(counted + ways.length);
    expect((await quay.journal('request.received')).length, 'nothing is taken').toBe(recorded);
    expect(await quay.runs()).toBe(runsBefore);
  };

  describe('before the signature is proven', () => {
    it('1 no signature', async () => {
      runsBefore = await quay.runs();
      await refuses((body) => door.send(body, {}), 401, /not signed/);
      await refuses((body) => door.send(body, { 'x-slack-request-timestamp': `${door.later(0)}` }), 401, /not signed/);
    });
    it('2 a wrong signature: of other bytes, by another key, of another length, given twice', async () => {
      await refuses((body) => door.send(body, door.sign(`${body} `)), 401, /signature is wrong/);
      await refuses(
        (body) => door.send(body, door.sign(body, door.later(0), 'v0', 'other')),
        401,
        /signature is wrong/,
      );
      await refuses(
        (body) => door.send(body, { ...door.sign(body), 'x-slack-signature': 'v0=00' }),
        401,
        /signature is wrong/,
      );
      await refuses(
        (body) => {
          const { 'x-slack-signature': signature, ...rest } = door.sign(body);
          return door.send(body, { ...rest, 'x-slack-signature': [signature, signature] });
        },
        401,
        /signature is wrong/,
      );
    });
    it('3 an unknown version', async () => {
      await refuses((body) => door.send(body, door.sign(body, door.later(0), 'v1')), 401, /version of the signature/);
    });
    it('4 older than 300 s', async () => {
      await refuses((body) => door.send(body, door.sign(body, door.later(-302))), 401, /older than five minutes/);
    });
    it('5 from the future', async () => {
      await refuses((body) => door.send(body, door.sign(body, door.later(302))), 401, /in the future/);
    });
    it.each(['NaN', '1e10', '-5', '0x10', ' ', '9'.repeat(400)])('6 the timestamp %j', async (timestamp) => {
      await refuses(
        (body) => door.send(body, { ...door.sign(body, timestamp), 'x-slack-request-timestamp': timestamp }),
        401,
        /timestamp|not signed/,
      );
    });
    it('9 an empty signing secret: the bot does not start, and says which setting', async () => {
      const { settings } = quay.bot;
      for (const secret of ['', ' ']) {
        settings['SLACK_SIGNING_SECRET'] = secret;
        expect(await quay.cli(['start'])).toMatch(/SLACK_SIGNING_SECRET (is empty|is missing|cannot be used)/);
      }
    });
    it('10 a body of 5 MB, announced or in pieces, signed or not', async () => {
      const body = `text=${'x'.repeat(5_000_000)}`;
      const counted = await quay.refused();
      for (const headers of [{}, door.sign(body)])
        for (const how of [{}, { 'transfer-encoding': 'chunked' }] as Record<string, string>[]) {
          const outcome = await door.send(body, { ...headers, ...how }).then(
            ({ text }) => text,
            ({ code }: NodeJS.ErrnoException) => code,
          );
          // The answer may be lost while the caller still writes; either way nothing was read on.
          expect(['EPIPE', 'ECONNRESET', 'The body is larger than 1 MB.', 'The request is not signed.']).toContain(
            outcome,
          );
        }
      expect(await quay.refused()).toBe(counted + 4);
    });
    it('12 an odd content type, or another alphabet', async () => {
      for (const type of ['text/xml', 'multipart/form-data; boundary=x', `${form}; charset=utf-16`, ''])
        await refuses((body) => door.send(body, door.sign(body), type), 415, /forms and JSON/);
    });
    it('another method or path', async () => {
      const body = door.ways.command();
      expect((await door.send(body, door.sign(body), form, { method: 'PUT' })).status).toBe(405);
      expect((await door.send(body, door.sign(body), form, { path: '/slack/commands' })).status).toBe(404);
    });
  });

  describe('signed, and still no request of Slack', () => {
    it('7 an exact replay, and the same signed anew: done once', async () => {
      const body = door.ways.command({ text: 'quay nowhere x' });
      const headers = door.sign(body);
      expect((await door.send(body, headers)).status).toBe(200);
      for (const again of [headers, headers, door.sign(body, door.later(-1)), door.sign(body, door.later(1))])
        expect(await door.send(body, again)).toEqual({ status: 401, text: 'This request has been received before.' });
      const event = door.ways.event();
      expect((await door.send(event)).status).toBe(200);
      expect((await door.send(event)).status).toBe(401);
      // Slack itself repeats events that it thinks lost; saying yes again ends that.
      expect((await door.send(event, { ...door.sign(event, door.later(-1)), 'x-slack-retry-num': '1' })).status).toBe(
        200,
      );
    });
    it('8 ssl_check with a payload or a command beside it', async () => {
      for (const body of ['ssl_check=1&payload=%7B%7D', `ssl_check=1&${door.ways.command()}`])
        expect(await door.send(body)).toEqual({ status: 401, text: expect.stringMatching(/certificate check/) });
      expect((await door.send('ssl_check=1&token=x')).status).toBe(200);
      expect((await door.send('ssl_check=1&token=x', {})).status).toBe(401);
    });
    it('11 a field twice, or beside payload', async () => {
      for (const field of ['user_id', 'command', 'team_id', 'text'])
        expect((await door.send(`${door.ways.command()}&${field}=x`)).text).toMatch(/twice/);
      expect((await door.send(`${door.ways.click()}&payload=%7B%7D`)).text).toMatch(/twice/);
      expect((await door.send(`${door.ways.click()}&text=x`)).text).toMatch(/no other field/);
    });
    it('bytes that are no UTF-8, JSON that is no object, and what nobody at Slack sends', async () => {
      const bytes = Buffer.from([0x61, 0x3d, 0xff]);
      expect((await door.send(bytes, door.sign(bytes))).text).toMatch(/not UTF-8/);
      expect((await door.send('[1]', door.sign('[1]'), 'application/json')).text).toMatch(/not a JSON object/);
      for (const body of [
        door.payload({}),
        door.payload({ type: 'block_actions', ...door.person, trigger_id: door.id() }),
        door.payload({ type: 'block_actions', ...door.person, trigger_id: door.id(), actions: [] }),
        door.payload({ type: 'block_actions', trigger_id: door.id(), actions: [{ action_id: 'run:approve' }] }),
        door.payload({ type: 'view_submission', ...door.person, trigger_id: door.id() }),
        door.payload({ type: 'shortcut', ...door.person }),
        door.payload({ type: 'interactive_message', ...door.person }),
        JSON.stringify({ type: 'event_callback', team_id: 'T0SANDBOX', event_id: 'Ev1' }),
        'command=%2Ffailover&text=quay',
      ])
        expect(await door.send(body)).toEqual({ status: 400, text: expect.stringMatching(/^[A-Z][^.]+\.$/) });
    });
    it('33 __proto__ and constructor as names of fields', async () => {
      expect((await door.send(`${door.ways.command()}&__proto__=x`)).text).toMatch(/forbidden name/);
      const body = JSON.stringify({ type: 'event_callback', event_id: 'Ev33', team_id: 'T0SANDBOX' }).replace(
        '{',
        '{"__proto__":{"type":"url_verification","isAdmin":true},"event":{"type":"app_mention","__proto__":{"user":"U1"}},',
      );
      expect((await door.send(body)).status).toBe(200);
      const constructors = `${door.ways.command({ command: '/dr', text: 'constructor __proto__ toString' })}&constructor=x&hasOwnProperty=y`;
      expect((await door.send(constructors)).status).toBe(200);
    });
    it('an address for answers that is not of Slack is not called', async () => {
      const { createServer } = await import('node:http');
      let called = 0;
      const inside = createServer((_, response) => {
        called += 1;
        response.end();
      });
      await new Promise<void>((done) => void inside.listen(0, '127.0.0.1', done));
      const { port } = inside.address() as { port: number };
      for (const url of [`http://127.0.0.1:${port}/`, `http://localhost:${port}/`, `https://127.0.0.1:${port}/`, 'x'])
        expect((await door.send(door.ways.command({ command: '/dr', text: 'help', response_url: url }))).status).toBe(
          200,
        );
      await new Promise((done) => setTimeout(done, 500));
      inside.close();
      expect(called).toBe(0);
    });
  });

  it('puts refusals before the proof on record as numbers, and those after it by name and rule', async () => {
    const unknown = (await quay.journal('request.refused')).filter(({ data }) => /twice|UTF-8/.test(data.text));
    expect(unknown.length).toBeGreaterThan(0);
    expect(unknown[0]).toMatchObject({ actor: 'slack:unknown', data: { what: 'request', code: 'input/invalid' } });
    const replays = (await quay.journal('request.refused')).filter(({ data }) => /received before/.test(data.text));
    expect(replays[0]).toMatchObject({ actor: 'slack:U0ADA0001', data: { what: '/failover', team: 'T0SANDBOX' } });
  });

  proven(() => quay, 'http');

  it('the numbers of what was refused are on record once the bot has ended in good order', async () => {
    await quay.bot.kill('SIGTERM');
    const [summary] = await quay.journal('requests.refused');
    expect(summary!.data.reasons).toMatchObject({
      'The request is not signed.': expect.any(Number),
      'The signature is wrong.': expect.any(Number),
    });
    for (const reason of Object.keys(summary!.data.reasons)) expect(reason).toMatch(/^[A-Z][^.]*\.$/);
    const each = await quay.journal('request.refused');
    const often = await quay.journal('requests.refused-often');
    expect(often.length).toBeGreaterThan(0);
    for (const { data } of often) expect(data).toEqual({ count: expect.any(Number) });
    expect(each.length).toBeGreaterThan(10);
  });
});
