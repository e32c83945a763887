import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import { type RedisClients, splitAddress } from '../client.ts';
import { masterOf } from '../master-view.ts';
import { resolveSentinel, sentinelInput, sentinelPermission, sentinelWritten } from '../sentinel-target.ts';

/** Whether the master that the Sentinels name lets us in and answers. */
export const answers = (redis: RedisClients) =>
  defineCheck({
    name: 'redis/answers',
    version: 1,
    summary: 'Does the master that the Sentinels name answer?',
    with: z.strictObject(sentinelWritten),
    resolve: resolveSentinel,
    input: z.strictObject(sentinelInput),
    facts: { master: 'string', milliseconds: 'number' },
    permissions: (target) => sentinelPermission(target, 'PING'),
    expectedSeconds: 1,
    async ask(target, context) {
      let address: string;
      try {
        address = masterOf(await redis.views(target, context)).address;
      } catch (error) {
        return { answer: 'unknown', because: messageOf(error) };
      }
      const startedAt = performance.now();
      try {
        await redis.node(target, address, lookSignal(context), (call) => call('PING'));
        const milliseconds = Math.round(performance.now() - startedAt);
        const because = `${address}, the master, answered in ${milliseconds} ms`;
        return { answer: 'yes', because, facts: { master: address, milliseconds } };
      } catch (error) {
        return { answer: 'no', because: messageOf(error) };
      }
    },
    command({ sentinels, master }) {
      const [host, port] = splitAddress(sentinels[0]!);
      return shellLine('redis-cli', '-h', host, '-p', port, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master);
    },
  });
