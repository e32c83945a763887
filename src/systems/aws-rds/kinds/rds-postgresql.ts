import { z } from 'zod';
import { defineKind } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
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
      sql: z
        .strictObject({ database: z.string(), user: z.string(), password: z.strictObject({ env: z.string() }) })
        .optional(),
      /** A row that the application writes every second or so, by which loss is measured. */
      heartbeat: z.strictObject({ table: z.string(), column: z.string() }).optional(),
      /** Checks that say when the source was last alive and what the replica has replayed. */
      loss: z.strictObject({ alive: z.string(), replayed: z.string() }).optional(),
      /**
       * Before another place is promoted, sessions of this one are ended and new ones may only read. An instance that has
       * replicas cannot be stopped: RDS refuses it.
       */
      fence: z
        .strictObject({
          'when-unreachable': z
            .string()
            .regex(/^(ask|accept-up-to \d+(s|m|h))$/, 'expected ask, or accept-up-to with a duration, such as 60s')
            .default('ask'),
        })
        .optional(),
    }),
    resources(component, place, plan) {
      const { id, region } = componentPlace(plan, component, place);
      return [`rds:${region}:${id}`];
    },
    fence: ({ name }, place) => ({ uses: 'postgres/make-read-only', with: { component: name, at: place } }),
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
