import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { NatsClients } from '../client.ts';
import { describeStream } from '../stream-facts.ts';
import { resolveStream, streamInput, streamPermission, streamWritten } from '../stream-target.ts';

/** Whether JetStream lets us in and knows the stream. */
export const answers = (clients: NatsClients) =>
  defineCheck({
    name: 'nats/answers',
    version: 1,
    summary: 'Does the server know the stream?',
    with: z.strictObject(streamWritten),
    resolve: resolveStream,
    input: z.strictObject(streamInput),
    facts: { messages: 'number', milliseconds: 'number' },
    permissions: (target) => streamPermission(target, 'publish $JS.API.STREAM.INFO'),
    expectedSeconds: 1,
    async ask(target, context) {
      const startedAt = performance.now();
      try {
        const info = await clients.session(target, lookSignal(context), ({ find }) => find(target.stream));
        const milliseconds = Math.round(performance.now() - startedAt);
        if (!info) return { answer: 'no', because: `${target.servers[0]} has no stream ${target.stream}` };
        const because = `${describeStream(info)}; answered in ${milliseconds} ms`;
        return { answer: 'yes', because, facts: { messages: info.state.messages, milliseconds } };
      } catch (error) {
        return { answer: 'no', because: messageOf(error) };
      }
    },
    command: ({ servers, stream }) => shellLine('nats', '--server', servers[0]!, 'stream', 'info', stream),
  });
