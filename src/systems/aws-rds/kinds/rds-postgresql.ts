import { z } from 'zod';
import { defineKind } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import { fenceSettings, sqlSettings } from '../../sql-settings.ts';
import type { RdsClients } from '../client.ts';
import { describeInstance, sourceOf } from '../instance-facts.ts';

/** A PostgreSQL on RDS: one instance in each place, at most one of them a primary. */
export const rdsPostgresql = (clients: RdsClients) =>
  defineKind({
    name: 'rds-postgresql',
    summary: 'PostgreSQL on Amazon RDS, with a read replica in each other place',
    at: z.string().min(1),
    settings: z.strictObject({
      /** The instances have a standby in another Availability Zone, onto which they can be failed over. */
      'multi-az': z.boolean().optional(),
      /** Endpoints, for checks that must work when the RDS API does not answer. */
      hosts: z.record(z.string(), z.string()).optional(),
      ...sqlSettings,
      // An instance that has replicas cannot be stopped, RDS refuses it; so its sessions are.
      ...fenceSettings,
    }),
    resources(component, place, plan) {
      const { id, region } = componentPlace(plan, component, place);
      return [`rds:${region}:${id}`];
    },
    fence: ({ name }, place) => ({ uses: 'postgres/make-read-only', with: { component: name, at: place } }),
    // RDS has no call that makes a primary follow again: the old one is put aside under another name, for people to look
    // at, and a new replica takes its name.
    resynchronise({ name, at }, { from, to }, _plan, stamp) {
      const old = String(at[to]);
      return [
        {
          name: 'put-aside',
          title: `Put the old ${old} aside`,
          uses: 'rds/rename-instance',
          with: { component: name, at: to, name: `${old.slice(0, 48)}-old-${stamp}` },
        },
        {
          name: 'replica',
          title: `Make ${old} anew, as a replica of what serves in ${from}`,
          uses: 'rds/create-read-replica',
          with: { component: name, at: to, 'source-at': from },
        },
      ];
    },
    async role(component, place, plan, context) {
      const { id, region } = componentPlace(plan, component, place);
      try {
        const found = await clients.find(region, id, lookSignal(context));
        if (!found) return { role: 'absent', because: `${id} does not exist in ${region}` };
        const because = `${id} is ${describeInstance(found)}`;
        return { role: sourceOf(found) ? 'standby' : 'active', because };
      } catch (error) {
        return { role: 'unknown', because: `RDS in ${region} did not say: ${messageOf(error)}` };
      }
    },
    async describe(component, place, plan, context) {
      const { id, region } = componentPlace(plan, component, place);
      try {
        const found = await clients.find(region, id, lookSignal(context));
        return found ? `${id}: ${describeInstance(found)}` : `${id}: does not exist`;
      } catch (error) {
        return `${id}: not known (${messageOf(error)})`;
      }
    },
  });
