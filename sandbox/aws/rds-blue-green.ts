import { durations } from '../durations.ts';
import { mentionsOf } from '../mentions.ts';
import type { SandboxContext } from '../part.ts';
import { AwsError } from './aws-error.ts';
import type { QueryOperation } from './query-service.ts';
import type { XmlNode } from './xml.ts';

interface Deployment {
  id: string;
  region: string;
  account: string;
  status: 'AVAILABLE' | 'SWITCHOVER_IN_PROGRESS' | 'SWITCHOVER_COMPLETED';
}

/** Blue/green deployments, one for each that a plan names, in every Region of the plan. */
export const rdsBlueGreen = ({ clock, faults, ledger, plans }: SandboxContext): Record<string, QueryOperation> => {
  const deployments: Deployment[] = plans.flatMap((plan) =>
    mentionsOf(plan)
      .filter(({ uses }) => uses === 'rds/switchover-blue-green')
      .flatMap(({ with: given }) =>
        Object.entries(plan.regions).map(([place, { aws }]) => ({
          id: String(given['deployment']),
          region: aws ?? place,
          account: plan.account,
          status: 'AVAILABLE' as const,
        })),
      ),
  );
  const find = (region: string, id: string): Deployment => {
    const found = deployments.find((one) => one.region === region && one.id === id);
    if (found) return found;
    throw new AwsError(
      'BlueGreenDeploymentNotFoundFault',
      `BlueGreenDeployment ${id} not found.`,
      404,
      'RDS API, BlueGreenDeploymentNotFoundFault',
    );
  };
  const describe = ({ id, region, account, status }: Deployment): XmlNode => ({
    BlueGreenDeploymentIdentifier: id,
    BlueGreenDeploymentName: id,
    Source: `arn:aws:rds:${region}:${account}:db:blue`,
    Target: `arn:aws:rds:${region}:${account}:db:green`,
    Status: status,
  });
  return {
    DescribeBlueGreenDeployments: {
      parameters: ['BlueGreenDeploymentIdentifier', 'Filters', 'Marker', 'MaxRecords'],
      required: [],
      run(given, { region }) {
        const id = given.get('BlueGreenDeploymentIdentifier');
        const found = id ? [find(region, id)] : deployments.filter((one) => one.region === region);
        return { BlueGreenDeployments: { member: found.map(describe) } };
      },
    },
    SwitchoverBlueGreenDeployment: {
      parameters: ['BlueGreenDeploymentIdentifier', 'SwitchoverTimeout'],
      required: ['BlueGreenDeploymentIdentifier'],
      run(given, { region }) {
        const found = find(region, given.need('BlueGreenDeploymentIdentifier'));
        if (found.status !== 'AVAILABLE')
          throw new AwsError(
            'InvalidBlueGreenDeploymentStateFault',
            `The blue/green deployment is ${found.status}.`,
            400,
            'RDS API, InvalidBlueGreenDeploymentStateFault',
          );
        found.status = 'SWITCHOVER_IN_PROGRESS';
        const { visible } = ledger.accept('rds:SwitchoverBlueGreenDeployment', `rds:${region}:${found.id}`);
        clock.after(durations.blueGreen * faults.slowFactor('rds:SwitchoverBlueGreenDeployment'), () => {
          found.status = 'SWITCHOVER_COMPLETED';
          visible();
        });
        return { BlueGreenDeployment: describe(found) };
      },
    },
  };
};
