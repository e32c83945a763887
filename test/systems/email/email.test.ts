import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMail } from '../../../sandbox/mail/start-mail.ts';
import type { SandboxPart } from '../../../sandbox/part.ts';
import { createEmail, emailSettings } from '../../../src/systems/email/index.ts';
import { control, createContext, planView, stepContext, tools } from '../../support/talk-world.ts';

const world = createContext();
let sandbox: SandboxPart;
const written = { to: ['legal', 'all@shop.example'], from: 'dr@shop.example', template: 'email/leadership' };

const act = (settings: object, key: string, deadlineMilliseconds = 5000) => {
  const [send] = createEmail(emailSettings.parse(settings), tools).actions;
  const input = send!.input.parse(send!.resolve(send!.with.parse(written), planView));
  return send!.act(input, { ...stepContext(key), beforeChange: async () => AbortSignal.timeout(deadlineMilliseconds) });
};

beforeAll(async () => {
  sandbox = await startMail(world);
});
afterAll(() => sandbox.close());

describe('email/send', () => {
  it('sends the rendered text with an id that is the same on every try', async () => {
    const done = await act(sandbox.environment, 'run-1/mail');
    await act(sandbox.environment, 'run-1/mail');
    expect(done!.output).toEqual({ messageId: '<run-1/mail@mayday>' });
    const { mails } = await control(sandbox, 'GET /mail');
    expect(mails.map(({ messageId }: any) => messageId)).toEqual(['<run-1/mail@mayday>', '<run-1/mail@mayday>']);
    expect(mails[0]).toMatchObject({
      recipients: ['legal@shop.example', 'all@shop.example'],
      subject: '[SEV1] Shop production: failover of database succeeded',
    });
    expect(mails[0].text).toContain('Time to recover: 12 min 30 s (objective 15 min)');
  });
  it('knows that nothing was sent when the server asks to come back later', async () => {
    world.faults.add({ kind: 'service', service: 'smtp', how: '500' });
    await expect(act(sandbox.environment, 'run-1/later')).rejects.toMatchObject({
      code: 'system/unavailable',
      effect: 'not-made',
      retryable: true,
    });
    world.faults.clear();
  });
  it('knows so, too, when the mail itself was refused for now', async () => {
    world.faults.add({ kind: 'error', change: 'smtp:Mail', times: 1 });
    await expect(act(sandbox.environment, 'run-1/451')).rejects.toMatchObject({
      code: 'system/unavailable',
      effect: 'not-made',
    });
  });
  it('does not know when the answer to the mail itself is lost, and may try again', async () => {
    world.faults.add({ kind: 'timeout', change: 'smtp:Mail', times: 1 });
    await expect(act(sandbox.environment, 'run-1/lost', 300)).rejects.toMatchObject({
      code: 'system/unknown',
      retryable: true,
    });
    world.faults.clear();
  });
  it('says so when nobody listens, and gives up when nobody speaks', async () => {
    await expect(act({ SMTP_URL: 'smtp://127.0.0.1:1' }, 'run-1/none')).rejects.toMatchObject({
      code: 'system/unavailable',
    });
    const silent = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as { port: number };
    await expect(act({ SMTP_URL: `smtp://127.0.0.1:${port}` }, 'run-1/silent', 200)).rejects.toMatchObject({
      retryable: true,
    });
    silent.close();
  });
});
