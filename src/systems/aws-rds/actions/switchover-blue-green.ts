import type { BlueGreenDeployment } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { defineAction, type LookContext } from '../../../define.ts';
import { awsErrorName } from '../../aws-failure.ts';
import { awsRegion } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { RdsClients } from '../client.ts';
import { rdsFailure } from '../errors.ts';
import { rdsSdk } from '../sdk.ts';

const input = z.strictObject({ deployment: z.string(), region: z.string(), account: z.string().optional() });
type Given = z.infer<typeof input>;

/** Makes the green side of a blue/green deployment the production one: RDS's planned switchover, which loses nothing. */
export const switchoverBlueGreen = (clients: RdsClients) => {
  const find = async (
    { deployment, region }: Given,
    context: LookContext,
  ): Promise<BlueGreenDeployment | undefined> => {
    try {
      const command = new (rdsSdk().DescribeBlueGreenDeploymentsCommand)({ BlueGreenDeploymentIdentifier: deployment });
      return (await clients.reading(region).send(command, { abortSignal: lookSignal(context) }))
        .BlueGreenDeployments?.[0];
    } catch (error) {
      if (awsErrorName(error).startsWith('BlueGreenDeploymentNotFound')) return undefined;
      throw rdsFailure(error, `DescribeBlueGreenDeployments ${deployment}`);
    }
  };
  return defineAction({
    name: 'rds/switchover-blue-green',
    version: 1,
    summary: 'Switch over a blue/green deployment (planned, loses nothing)',
    effect: 'change',
    with: z.strictObject({ deployment: z.string(), at: z.string() }),
    resolve: (written, plan) => ({
      deployment: written.deployment,
      region: awsRegion(plan, written.at),
      account: plan.account,
    }),
    input,
    targets: ['deployment', 'region', 'account'],
    output: z.object({ deployment: z.string(), target: z.string() }),
    resources: ({ region, deployment }) => [`rds:${region}:${deployment}`],
    changes: ['rds:SwitchoverBlueGreenDeployment'],
    permissions: ({ region, account, deployment }) => {
      const resource = `arn:aws:rds:${region}:${account ?? '*'}:deployment:${deployment}`;
      return [
        { system: 'iam', action: 'rds:DescribeBlueGreenDeployments', resource },
        { system: 'iam', action: 'rds:SwitchoverBlueGreenDeployment', resource },
        // The switchover renames and modifies the instances of both sides in the caller's name.
        { system: 'iam', action: 'rds:ModifyDBInstance', resource: `arn:aws:rds:${region}:${account ?? '*'}:db:*` },
        { system: 'iam', action: 'rds:PromoteReadReplica', resource: `arn:aws:rds:${region}:${account ?? '*'}:db:*` },
      ];
    },
    expectedSeconds: 120,
    longestSeconds: 1800,
    repeat: 'by-look',
    reversible: { no: 'the blue side no longer follows what is written; going back means a new deployment' },
    async observe(given, context) {
      const found = await find(given, context);
      const { deployment } = given;
      if (!found) return { state: 'impossible', seen: `there is no deployment ${deployment} in ${given.region}` };
      const { Status = 'unknown', StatusDetails: details } = found;
      const seen = `${deployment} is ${Status}${details ? ` (${details})` : ''}`;
      if (Status === 'SWITCHOVER_COMPLETED')
        return { state: 'done', seen, output: { deployment, target: found.Target?.split(':').at(-1) ?? '' } };
      if (Status === 'AVAILABLE') return { state: 'todo', seen };
      if (Status === 'SWITCHOVER_IN_PROGRESS' || Status === 'PROVISIONING') return { state: 'changing', seen };
      return { state: 'impossible', seen: `${seen}; production still runs on the blue side` };
    },
    async act({ deployment, region }, context) {
      const writer = await clients.changing(region, context);
      const abortSignal = await context.beforeChange();
      try {
        const command = new (rdsSdk().SwitchoverBlueGreenDeploymentCommand)({
          BlueGreenDeploymentIdentifier: deployment,
        });
        await writer.send(command, { abortSignal });
      } catch (error) {
        throw rdsFailure(error, `SwitchoverBlueGreenDeployment ${deployment}`, true);
      }
      return { seen: `RDS accepted the switchover of ${deployment}` };
    },
    async preview(given, context) {
      const { deployment, region, account } = given;
      const now = (await find(given, context))?.Status ?? 'does not exist';
      return [
        { resource: `rds:${region}:${deployment}`, account, region, now, then: 'the green side serves production' },
      ];
    },
    command: ({ deployment, region }) => {
      const call = ['aws', 'rds', 'switchover-blue-green-deployment', '--region', region];
      return shellLine(...call, '--blue-green-deployment-identifier', deployment);
    },
  });
};
