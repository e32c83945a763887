import { z } from 'zod';
import { defineAction, type LookContext, type StepContext } from '../../../define.ts';
import { MaydayError, messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import { type Call, type RedisClients, splitAddress } from '../client.ts';
import { masterOf } from '../master-view.ts';
import { provesMaster, readReplication, replicasOf } from '../node-facts.ts';
import {
  resolveSentinel,
  type SentinelTarget,
  sentinelInput,
  sentinelPermission,
  sentinelResource,
  sentinelTargets,
  sentinelWritten,
} from '../sentinel-target.ts';

/**
 * Has the Sentinels make a replica the master. After a crash "another one is the master" cannot be told from the address
 * alone, as nobody remembers the one before; and where the old one is dead there is nowhere to leave a mark. But each
 * Sentinel says for how long it has known its master as one. So: a master that is younger than the request for this run
 * is the one that was asked for, whoever asked last, this step or the Sentinels by themselves; an older one is still to
 * be replaced. Within one run the master is therefore moved at most once.
 */
export const sentinelFailover = (redis: RedisClients) => {
  const look = async (target: SentinelTarget, context: LookContext, probeKey?: string) => {
    const views = await redis.views(target, context);
    const master = masterOf(views);
    const healthy = await redis
      .node(target, master.address, lookSignal(context), (call) =>
        provesMaster(call, probeKey, context.clock.now().toISOString()),
      )
      .catch((error) => messageOf(error));
    return { views, master, healthy: healthy === true, because: healthy };
  };
  const isNew = async (ageMilliseconds: number, context: StepContext): Promise<boolean> => {
    const { requestedAt } = await context.facts();
    const asked = Date.parse(String(requestedAt));
    if (Number.isNaN(asked))
      throw new MaydayError(
        'internal',
        'it is not known when this run was asked for, and so not whether the master is a new one; nothing was changed',
      );
    return context.clock.now().getTime() - ageMilliseconds > asked;
  };
  return defineAction({
    name: 'redis/sentinel-failover',
    version: 1,
    summary: 'Have the Sentinels make a replica the master',
    effect: 'change',
    with: z.strictObject(sentinelWritten),
    resolve: resolveSentinel,
    input: z.strictObject(sentinelInput),
    targets: sentinelTargets,
    output: z.object({ master: z.string(), host: z.string(), port: z.number() }),
    resources: (target) => [sentinelResource(target)],
    changes: ['redis:ClientPause', 'redis:SentinelFailover'],
    permissions: (target) => sentinelPermission(target, 'SENTINEL FAILOVER, CLIENT PAUSE'),
    expectedSeconds: 28,
    longestSeconds: 300,
    repeat: 'by-look',
    reversible: { no: 'clients have followed the new master; another failover may choose any replica' },

    async observe(target, context) {
      const { master, healthy, because } = await look(target, context);
      const seen = `the master is ${master.address}`;
      // One that is about to be replaced takes no writes, so it is not asked to prove one.
      if (!(await isNew(master.ageMilliseconds, context))) {
        if (master.failingOver)
          return { state: 'changing', seen: `${seen}, and a failover is under way`, lookAgainSeconds: 1 };
        return {
          state: 'todo',
          seen: healthy ? seen : `${seen}, which does not take writes${because === false ? '' : ` (${because})`}`,
        };
      }
      const proven =
        healthy && (target.probeKey === undefined || (await look(target, context, target.probeKey)).healthy);
      if (!proven) return { state: 'changing', seen: `${seen}, and does not take writes yet`, lookAgainSeconds: 1 };
      const [host, port] = splitAddress(master.address);
      return { state: 'done', seen: `${seen}, since this run began`, output: { master: master.address, host, port } };
    },

    async act(target, context) {
      const { views, master, healthy } = await look(target, context);
      const signal = await context.beforeChange();
      const { sentinel } = views.sort((one, other) => other.epoch - one.epoch)[0]!;
      if (healthy) await redis.node(target, master.address, signal, holdWrites, 'changing');
      try {
        await redis.change(target, sentinel, signal, (call) => call('SENTINEL', 'FAILOVER', target.master));
      } catch (error) {
        // The Sentinels have begun by themselves: what is wanted is under way.
        if (messageOf(error).includes('INPROG')) return { seen: 'a failover was under way already' };
        if (healthy) await redis.node(target, master.address, signal, letWrite, 'changing').catch(() => {});
        if (messageOf(error).includes('NOGOODSLAVE'))
          throw new MaydayError(
            'system/refused',
            `${sentinel} has no replica of ${target.master} that it could promote; nothing was changed. Bring a replica back, or the master`,
            { cause: error },
          );
        throw error;
      }
      return { seen: `${sentinel} began a failover of ${target.master}` };
    },

    async preview(target, context) {
      const { master, healthy, views } = await look(target, context);
      return [
        {
          resource: sentinelResource(target),
          now: `the master is ${master.address}${healthy ? '' : ', which does not take writes'}`,
          then: `the master is one of its ${views[0]!.replicas} replicas`,
        },
      ];
    },
    command: ({ sentinels, master }) => {
      const [host, port] = splitAddress(sentinels[0]!);
      return shellLine('redis-cli', '-h', host, '-p', port, 'SENTINEL', 'FAILOVER', master);
    },
  });
};

/** Longer than Sentinels take to make the old master a replica, and it ends by itself should nobody come back. */
const holdMilliseconds = 15_000;
const catchUpMilliseconds = 1000;

/**
 * Sentinel promotes a replica and tells a healthy old master some ten seconds later, which goes on taking writes that are
 * then thrown away. So it is told first to let writes wait, and its replicas to get what it has.
 */
const holdWrites = async (call: Call): Promise<void> => {
  await call('CLIENT', 'PAUSE', holdMilliseconds, 'WRITE');
  const until = performance.now() + catchUpMilliseconds;
  while (performance.now() < until) {
    const replicas = replicasOf(await readReplication(call)).filter(({ online }) => online);
    if (replicas.length === 0 || replicas.every(({ behindBytes }) => behindBytes === 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

const letWrite = async (call: Call): Promise<void> => void (await call('CLIENT', 'UNPAUSE'));
