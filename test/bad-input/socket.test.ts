import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proven } from './proven.ts';
import { type Quay, startQuay } from './quay.ts';

/** What comes over Slack's own socket is proven by the socket; what it says is judged as ever. */
describe('bad input over Socket Mode', { timeout: 120_000 }, () => {
  let quay: Quay;
  beforeAll(async () => {
    quay = await startQuay('socket');
  });
  afterAll(() => quay?.close());

  it('7 an envelope that comes twice is done once', async () => {
    const before = (await quay.state()).responses.length;
    const twice = { user: 'ada', channel: 'general', command: '/dr', text: 'run', redeliver: true };
    await quay.answer(async () => {
      expect(await quay.world.post('/slack/command', twice)).toMatchObject({ by: 'socket', status: 200 });
    });
    await quay.command('ada', '/dr run');
    expect((await quay.state()).responses.length).toBe(before + 2);
  });

  it('what nobody at Slack sends is acknowledged, so that it does not come again, and put on record', async () => {
    const delivered = await quay.world.post('/slack/command', {
      user: 'ada',
      channel: 'general',
      command: '/failover',
      text: 'quay door x',
      altered: { user_id: null },
    });
    expect(delivered.status).toBe(200);
    await quay.world.until('the record', 5, async () =>
      (await quay.journal('request.refused')).find(({ data }) => /who typed it/.test(data.text)),
    );
    expect(await quay.runs()).toBe(0);
  });

  proven(() => quay, 'socket');
});
