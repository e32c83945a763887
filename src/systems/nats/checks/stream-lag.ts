import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { NatsClients } from '../client.ts';
import { describeStream } from '../stream-facts.ts';
import { resolveStream, streamInput, streamPermission, streamWritten } from '../stream-target.ts';

/** Whether a mirror has all but so many of its source's messages, as far as it knows of them. */
export const streamLag = (clients: NatsClients) =>
  defineCheck({
    name: 'nats/stream-lag',
    version: 1,
    summary: 'Is the mirror close behind its source?',
    with: z.strictObject({ ...streamWritten, 'below-messages': z.int().min(1) }),
    resolve: (written, plan) => ({ ...resolveStream(written, plan), belowMessages: written['below-messages'] }),
    input: z.strictObject({ ...streamInput, belowMessages: z.int() }),
    facts: { behind: 'number', messages: 'number', silentSeconds: 'number' },
    permissions: (target) => streamPermission(target, 'publish $JS.API.STREAM.INFO'),
    expectedSeconds: 1,
    async ask({ belowMessages, ...target }, context) {
      try {
        const info = await clients.session(target, lookSignal(context), ({ find }) => find(target.stream));
        if (!info) return { answer: 'unknown', because: `${target.servers[0]} has no stream ${target.stream}` };
        const { mirror, state } = info;
        const words = describeStream(info);
        if (!mirror) return { answer: 'unknown', because: `${words}; it is no mirror` };
        // A mirror that has never heard of its source knows nothing of what it lacks.
        if (mirror.active < 0) return { answer: 'unknown', because: words };
        const facts = { behind: mirror.lag, messages: state.messages, silentSeconds: Math.round(mirror.active / 1e9) };
        const answer = mirror.lag < belowMessages ? 'yes' : 'no';
        return { answer, because: `${words}; fewer than ${belowMessages} are wanted`, facts };
      } catch (error) {
        return { answer: 'unknown', because: messageOf(error) };
      }
    },
    command: ({ servers, stream }) => shellLine('nats', '--server', servers[0]!, 'stream', 'info', stream),
  });
