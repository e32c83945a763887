import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import { type RedisClients, splitAddress } from '../client.ts';
import { masterOf } from '../master-view.ts';
import { readReplication, replicasOf } from '../node-facts.ts';
import { resolveSentinel, sentinelInput, sentinelPermission, sentinelWritten } from '../sentinel-target.ts';

/** A replica says every second how far it is; one that has been silent for longer is not with its master. */
const mostSilentSeconds = 10;

/** Whether so many replicas are connected to the master and say how far they are. */
export const replicasInSync = (redis: RedisClients) =>
  defineCheck({
    name: 'redis/replicas-in-sync',
    version: 1,
    summary: 'Do enough replicas follow the master?',
    with: z.strictObject({ ...sentinelWritten, 'at-least': z.int().min(0) }),
    resolve: (written, plan) => ({ ...resolveSentinel(written, plan), atLeast: written['at-least'] }),
    input: z.strictObject({ ...sentinelInput, atLeast: z.int() }),
    facts: { master: 'string', replicas: 'number', behindBytes: 'number' },
    permissions: (target) => sentinelPermission(target, 'INFO'),
    expectedSeconds: 1,
    async ask({ atLeast, ...target }, context) {
      try {
        const { address } = masterOf(await redis.views(target, context));
        const replication = await redis.node(target, address, lookSignal(context), readReplication);
        if (replication['role'] !== 'master')
          return { answer: 'no', because: `${address} says that it is ${replication['role']}, no master` };
        const all = replicasOf(replication);
        const good = all.filter(({ online, lagSeconds }) => online && lagSeconds <= mostSilentSeconds);
        const behindBytes = Math.max(0, ...good.map((each) => each.behindBytes));
        return {
          answer: good.length >= atLeast ? 'yes' : 'no',
          because: `${good.length} replicas follow ${address}, at most ${behindBytes} bytes behind; at least ${atLeast} are wanted`,
          facts: { master: address, replicas: good.length, behindBytes },
        };
      } catch (error) {
        return { answer: 'unknown', because: messageOf(error) };
      }
    },
    command({ sentinels, master }) {
      const [host, port] = splitAddress(sentinels[0]!);
      return shellLine('redis-cli', '-h', host, '-p', port, 'SENTINEL', 'REPLICAS', master);
    },
  });
