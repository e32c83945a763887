import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { RdsClients } from '../client.ts';
import { rdsFailure } from '../errors.ts';
import { describeInstance, sourceOf, wrongAccount } from '../instance-facts.ts';
import { rdsSdk } from '../sdk.ts';

/** States in which RDS refuses a promotion, and which end by themselves only after their own work. */
const blocking = new Set(['backing-up', 'deleting', 'failed', 'stopped', 'stopping', 'storage-full']);

/**
 * Makes a read replica a primary of its own. One-way: there is no call that makes it a replica again. The status stays
 * `available` for some seconds after the call, so a replica is done only when its source is gone as well.
 */
export const promoteReadReplica = (clients: RdsClients) =>
  defineAction({
    name: 'rds/promote-read-replica',
    version: 1,
    summary: 'Promote an RDS read replica to a primary',
    effect: 'change',
    with: z.strictObject({ component: z.string(), at: z.string() }),
    resolve(written, plan) {
      const component = plan.component(written.component, 'rds-postgresql');
      const { id, region } = componentPlace(plan, component, written.at);
      return { instance: id, region, account: plan.account };
    },
    input: z.strictObject({ instance: z.string(), region: z.string(), account: z.string().optional() }),
    targets: ['instance', 'region', 'account'],
    output: z.object({ endpoint: z.string(), port: z.number(), instance: z.string(), region: z.string() }),
    resources: ({ region, instance }) => [`rds:${region}:${instance}`],
    changes: ['rds:PromoteReadReplica'],
    permissions: ({ region, account, instance }) => {
      const resource = `arn:aws:rds:${region}:${account ?? '*'}:db:${instance}`;
      return [
        { system: 'iam', action: 'rds:DescribeDBInstances', resource },
        { system: 'iam', action: 'rds:PromoteReadReplica', resource },
      ];
    },
    expectedSeconds: 180,
    longestSeconds: 1800,
    repeat: 'by-look',
    makesWriter: true,
    reversible: { no: 'a promoted instance never becomes a replica again; failing back needs a new replica' },

    async observe({ instance, region, account }, context) {
      const found = await clients.find(region, instance, lookSignal(context));
      if (!found) return { state: 'impossible', seen: `${instance} does not exist in ${region}` };
      const stranger = wrongAccount(found, account);
      if (stranger) return { state: 'impossible', seen: stranger };
      const status = found.DBInstanceStatus ?? 'unknown';
      const seen = `${instance} is ${describeInstance(found)}`;
      if (blocking.has(status))
        return { state: 'impossible', seen: `${seen}: RDS promotes no instance that is ${status}` };
      if (status !== 'available') return { state: 'changing', seen };
      if (sourceOf(found)) return { state: 'todo', seen };
      const endpoint = found.Endpoint?.Address;
      if (!endpoint) return { state: 'changing', seen: `${seen}, without an endpoint yet` };
      return { state: 'done', seen, output: { endpoint, port: found.Endpoint?.Port ?? 5432, instance, region } };
    },

    async act({ instance, region }, context) {
      const writer = await clients.changing(region, context);
      const abortSignal = await context.beforeChange();
      try {
        const command = new (rdsSdk().PromoteReadReplicaCommand)({ DBInstanceIdentifier: instance });
        await writer.send(command, { abortSignal });
      } catch (error) {
        throw rdsFailure(error, `PromoteReadReplica ${instance}`, true);
      }
      return { seen: `RDS accepted the promotion of ${instance}` };
    },

    async preview({ instance, region, account }, context) {
      const found = await clients.find(region, instance, lookSignal(context));
      const now = found ? describeInstance(found) : 'does not exist';
      return [
        { resource: `rds:${region}:${instance}`, account, region, now, then: 'available, primary, accepts writes' },
      ];
    },
    command({ instance, region }) {
      const which = ['--region', region, '--db-instance-identifier', instance];
      const wait = shellLine('aws', 'rds', 'wait', 'db-instance-available', ...which);
      return `${shellLine('aws', 'rds', 'promote-read-replica', ...which)} && ${wait}`;
    },
  });
