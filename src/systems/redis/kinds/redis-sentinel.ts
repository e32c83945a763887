import { z } from 'zod';
import { defineKind } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import type { RedisClients } from '../client.ts';
import { masterOf } from '../master-view.ts';
import { readReplication, replicasOf } from '../node-facts.ts';
import { resolveSentinel, sentinelKind, sentinelResource, sentinelSettings } from '../sentinel-target.ts';

/** A Redis that Sentinels keep alive, in one place of the plan. */
export const redisSentinel = (redis: RedisClients) =>
  defineKind({
    name: sentinelKind,
    summary: 'Redis under Sentinel',
    at: z
      .strictObject({
        sentinels: z.array(z.string().regex(/^\[?[\w.:-]+\]?:\d+$/, 'is host:port of a Sentinel')).min(1),
        master: z.string().min(1),
      })
      .optional(),
    settings: z.strictObject(sentinelSettings),
    resources: ({ name, at }, place, plan) =>
      at[place] === undefined ? [] : [sentinelResource(resolveSentinel({ component: name, at: place }, plan))],
    async role({ name, at }, place, plan, context) {
      // Not `absent`: that would keep a failover of everything else from going there.
      if (at[place] === undefined) return { role: 'unknown', because: `${name} is not in ${place}` };
      const target = resolveSentinel({ component: name, at: place }, plan);
      try {
        const { address } = masterOf(await redis.views(target, context));
        const { role } = await redis.node(target, address, lookSignal(context), readReplication);
        if (role !== 'master') return { role: 'unknown', because: `${address} is named the master, but says ${role}` };
        return { role: 'active', because: `the master is ${address}` };
      } catch (error) {
        return { role: 'unknown', because: messageOf(error) };
      }
    },
    async describe({ name, at }, place, plan, context) {
      if (at[place] === undefined) return `${name} is not in ${place}`;
      const target = resolveSentinel({ component: name, at: place }, plan);
      try {
        const views = await redis.views(target, context);
        const { address, failingOver } = masterOf(views);
        const replicas = replicasOf(await redis.node(target, address, lookSignal(context), readReplication));
        const online = replicas.filter((each) => each.online).length;
        const sentinels = `${views.length} of ${target.sentinels.length} Sentinels answer, quorum ${views[0]!.quorum}`;
        return `master ${address}, ${online} replicas online; ${sentinels}${failingOver ? '; failing over' : ''}`;
      } catch (error) {
        return `${name}: not known (${messageOf(error)})`;
      }
    },
  });
