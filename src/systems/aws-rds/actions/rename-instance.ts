import type { DBInstance } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { defineAction, type LookContext, type Observation, type StepContext } from '../../../define.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { RdsClients } from '../client.ts';
import { rdsFailure } from '../errors.ts';
import { describeInstance, instanceArn, instanceName, wrongAccount } from '../instance-facts.ts';
import { rdsSdk } from '../sdk.ts';

const input = z
  .strictObject({ instance: z.string(), region: z.string(), name: instanceName, account: z.string().optional() })
  .refine(({ instance, name }) => instance !== name, 'the new name is the old one');
type Given = z.infer<typeof input>;

/** Gives an instance another name, and with it another endpoint; whoever uses the old one loses it. */
export const renameInstance = (clients: RdsClients) => {
  // Each name is asked for by itself, and the rename may take effect between the two answers: one instance under both
  // names, or under neither, is that moment, and is looked at once more.
  const both = async ({ region, instance, name }: Given, context: LookContext) => {
    const signal = lookSignal(context);
    const look = async () => {
      const [old, renamed] = await Promise.all([
        clients.find(region, instance, signal),
        clients.find(region, name, signal),
      ]);
      return { old, renamed };
    };
    const first = await look();
    if (first.old?.DbiResourceId !== first.renamed?.DbiResourceId) return first;
    const second = await look();
    const isOne = second.old && second.old.DbiResourceId === second.renamed?.DbiResourceId;
    return isOne ? { old: undefined, renamed: second.renamed } : second;
  };
  const rename = async (region: string, from: string, to: string, context: StepContext) => {
    const writer = await clients.changing(region, context);
    const abortSignal = await context.beforeChange();
    try {
      const command = new (rdsSdk().ModifyDBInstanceCommand)({
        DBInstanceIdentifier: from,
        NewDBInstanceIdentifier: to,
        ApplyImmediately: true,
      });
      await writer.send(command, { abortSignal });
    } catch (error) {
      throw rdsFailure(error, `ModifyDBInstance ${from}`, true);
    }
    return { seen: `RDS accepted that ${from} is called ${to}` };
  };

  return defineAction({
    name: 'rds/rename-instance',
    version: 1,
    summary: 'Rename an RDS instance',
    effect: 'change',
    with: z.strictObject({ component: z.string(), at: z.string(), name: z.string() }),
    resolve(written, plan) {
      const component = plan.component(written.component, 'rds-postgresql');
      const { id, region } = componentPlace(plan, component, written.at);
      return { instance: id, region, name: written.name.toLowerCase(), account: plan.account };
    },
    input,
    targets: ['instance', 'region', 'name', 'account'],
    output: z.object({ instance: z.string(), endpoint: z.string(), region: z.string() }),
    resources: ({ region, instance, name }) => [`rds:${region}:${instance}`, `rds:${region}:${name}`],
    changes: ['rds:ModifyDBInstance'],
    permissions: ({ region, account, instance, name }) =>
      [instance, name].flatMap((each) =>
        ['rds:DescribeDBInstances', 'rds:ModifyDBInstance'].map((action) => ({
          system: 'iam' as const,
          action,
          resource: instanceArn(region, account, each),
        })),
      ),
    expectedSeconds: 120,
    longestSeconds: 1800,
    repeat: 'by-look',
    reversible: {
      undo: 'give it back its name',
      // What RDS calls the instance by itself, whatever its name is.
      before: async (given, context) => ({ id: (await both(given, context)).old?.DbiResourceId ?? null }),
      async observe(given, before, context) {
        const { instance, name } = given;
        const id = (before as { id?: string | null } | null)?.id;
        if (!id) return { state: 'impossible', seen: `which instance was called ${instance} is not known` };
        const { old, renamed } = await both(given, context);
        if (old?.DbiResourceId === id) return settled(old, `${instance} has its name`, {});
        if (old)
          return { state: 'impossible', seen: `another instance is called ${instance} by now; both are left so` };
        if (renamed?.DbiResourceId !== id)
          return {
            state: 'impossible',
            seen: `the instance that was called ${instance} is no longer called ${name}; it is left so`,
          };
        const seen = `${instance} is called ${name}, ${describeInstance(renamed)}`;
        return renamed.DBInstanceStatus === 'available' ? { state: 'todo', seen } : { state: 'changing', seen };
      },
      act: (given, _, context) => rename(given.region, given.name, given.instance, context),
    },

    async observe(given, context) {
      const { instance, name, region, account } = given;
      const { old, renamed } = await both(given, context);
      if (old && renamed)
        return { state: 'impossible', seen: `both ${instance} and ${name} exist in ${region}; nothing was renamed` };
      const found = old ?? renamed;
      if (!found) return { state: 'impossible', seen: `neither ${instance} nor ${name} exists in ${region}` };
      const stranger = wrongAccount(found, account);
      if (stranger) return { state: 'impossible', seen: stranger };
      if (renamed) {
        const endpoint = renamed.Endpoint?.Address ?? '';
        return settled(renamed, `${instance} is called ${name}`, { instance: name, endpoint, region });
      }
      const seen = `${instance} is ${describeInstance(found)}`;
      if (found.DBInstanceStatus !== 'available') return { state: 'changing', seen };
      return { state: 'todo', seen };
    },

    act: ({ region, instance, name }, context) => rename(region, instance, name, context),

    async preview(given, context) {
      const { old, renamed } = await both(given, context);
      const now = old ? describeInstance(old) : renamed ? `called ${given.name} already` : 'does not exist';
      const { region, account, instance, name } = given;
      return [
        { resource: `rds:${region}:${instance}`, account, region, now, then: `called ${name}, with another endpoint` },
      ];
    },
    command: ({ instance, region, name }) => {
      const call = ['aws', 'rds', 'modify-db-instance', '--region', region, '--db-instance-identifier', instance];
      return shellLine(...call, '--new-db-instance-identifier', name, '--apply-immediately');
    },
  });
};

const settled = <O>(found: DBInstance, seen: string, output: O): Observation<O> =>
  found.DBInstanceStatus === 'available' && found.Endpoint?.Address
    ? { state: 'done', seen, output }
    : { state: 'changing', seen: `${seen}, ${describeInstance(found)}` };
