import { createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { postAnswer } from '../../src/chat/respond.ts';
import { createReply } from '../../src/chat/talk.ts';
import { quietLog } from '../support/talk-world.ts';

test('a kept connection that Slack closes in the moment it is used again costs no answer', async () => {
  const taken: string[] = [];
  const answered = new Set<Socket>();
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      // Closed with the second request on it unanswered, as by a server that had given it up already.
      if (answered.has(socket)) return socket.resetAndDestroy();
      answered.add(socket);
      taken.push(bytes.toString().split('\r\n\r\n')[1]!);
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/answer`;
  await postAnswer(url, { text: 'one' });
  await postAnswer(url, { text: 'two' });
  expect(taken.map((body) => JSON.parse(body).text)).toEqual(['one', 'two']);
  for (const socket of answered) socket.destroy();
  server.close();
});

test('what cannot be said in one way is said in the next, and nothing fails for it', async () => {
  const said: string[] = [];
  const refuse = async () => {
    throw new Error('expired_url');
  };
  const say = async (text: string) => void said.push(text);
  await createReply(quietLog, refuse, say, say)('Started');
  await createReply(quietLog, refuse)('nobody hears it');
  expect(said).toEqual(['Started']);
});
