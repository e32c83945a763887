import { z } from 'zod';
import { defineKind } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import { fenceSettings, sqlSettings } from '../../sql-settings.ts';
import type { RdsClients } from '../client.ts';
import { describeInstance, sourceOf } from '../instance-facts.ts';

/** What RDS allows for the name of an instance. */
const mostName = 63;

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
    // An old primary never follows by itself: it makes room, under another name and with its data, for a new replica.
    resynchronise({ name, at }, { from, to }, _plan, stamp) {
      const id = String(at[to]);
      const spare = `${id.slice(0, mostName - stamp.length - 1)}-${stamp}`.toLowerCase();
      return [
        {
          name: 'set-aside',
          title: `Set ${id} in ${to} aside as ${spare}`,
          uses: 'rds/rename-instance',
          with: { component: name, at: to, name: spare },
        },
        {
          name: 'replicate',
          title: `Make ${id} in ${to} anew, as a replica of ${String(at[from])} in ${from}`,
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
