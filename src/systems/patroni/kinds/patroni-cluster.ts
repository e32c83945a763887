import { z } from 'zod';
import { defineKind } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { sqlSettings } from '../../sql-settings.ts';
import type { Patroni } from '../client.ts';
import { describeCluster, leaderOf } from '../cluster-facts.ts';
import { clusterResource, patroniKind, resolveCluster } from '../cluster-target.ts';

/** A PostgreSQL that Patroni keeps alive, in one place of the plan. */
export const patroniCluster = (patroni: Patroni) =>
  defineKind({
    name: patroniKind,
    summary: 'PostgreSQL under Patroni',
    at: z
      .strictObject({ api: z.array(z.url({ protocol: /^https?$/ })).min(1), scope: z.string().min(1).optional() })
      .optional(),
    settings: z.strictObject({
      /** The name that clients use, such as a service that leads to whoever is the leader. */
      host: z.string().optional(),
      port: z.int().min(1).max(65_535).optional(),
      /** What the members' APIs ask for before they change anything. */
      login: z.strictObject({ user: z.string(), password: z.strictObject({ env: z.string() }) }).optional(),
      ...sqlSettings,
    }),
    resources: ({ name, at }, place, plan) =>
      at[place] === undefined ? [] : [clusterResource(resolveCluster({ component: name, at: place }, plan))],
    async role({ name, at }, place, plan, context) {
      // Not `absent`: that would keep a failover of everything else from going there.
      if (at[place] === undefined) return { role: 'unknown', because: `${name} is not in ${place}` };
      try {
        const leader = leaderOf(await patroni.cluster(resolveCluster({ component: name, at: place }, plan), context));
        if (!leader) return { role: 'unknown', because: `${name} has no leader` };
        return { role: 'active', because: `the leader is ${leader.name}` };
      } catch (error) {
        return { role: 'unknown', because: messageOf(error) };
      }
    },
    async describe({ name, at }, place, plan, context) {
      if (at[place] === undefined) return `${name} is not in ${place}`;
      try {
        return describeCluster(await patroni.cluster(resolveCluster({ component: name, at: place }, plan), context));
      } catch (error) {
        return `${name}: not known (${messageOf(error)})`;
      }
    },
  });
