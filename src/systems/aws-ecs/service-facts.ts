import type { Service } from '@aws-sdk/client-ecs';
import { z } from 'zod';
import type { PlanView } from '../../define.ts';
import { awsRegion } from '../component-place.ts';

export const serviceAt = z.strictObject({ cluster: z.string().min(1), service: z.string().min(1) });

export const serviceTarget = {
  region: z.string(),
  cluster: z.string(),
  service: z.string(),
  account: z.string().optional(),
};

export const resolveService = (plan: PlanView, name: string, place: string) => {
  const component = plan.component(name, 'ecs-service');
  const at = serviceAt.safeParse(component.at[place]);
  if (!at.success) {
    const places = Object.keys(component.at).join(', ') || 'no place';
    throw new Error(`component ${name} is not in ${place}; it is in ${places}`);
  }
  return { region: awsRegion(plan, place), ...at.data, account: plan.account };
};

export const serviceId = ({ region, cluster, service }: { region: string; cluster: string; service: string }): string =>
  `ecs:${region}:${cluster}/${service}`;

export const serviceArn = (target: { region: string; cluster: string; service: string; account?: string }): string =>
  `arn:aws:ecs:${target.region}:${target.account ?? '*'}:service/${target.cluster}/${target.service}`;

export const describeService = ({
  desiredCount = 0,
  runningCount = 0,
  pendingCount = 0,
  deployments = [],
}: Service): string =>
  `${runningCount} of ${desiredCount} tasks run${pendingCount > 0 ? `, ${pendingCount} pending` : ''}${
    deployments.length > 1 ? `, ${deployments.length} deployments` : ''
  }`;

/** Words for a service in another account than the plan's. */
export const wrongAccount = (found: Service, account: string | undefined): string | undefined => {
  const stands = found.serviceArn?.split(':')[4];
  return account !== undefined && stands !== undefined && stands !== account
    ? `the credentials lead to account ${stands}, the plan is for ${account}`
    : undefined;
};

/** As many tasks run as are wanted, and no deployment is being replaced. */
export const isStable = ({ desiredCount = 0, runningCount = 0, deployments = [] }: Service): boolean =>
  runningCount === desiredCount && deployments.length === 1 && deployments[0]?.rolloutState !== 'IN_PROGRESS';

export const hasFailed = ({ deployments = [] }: Service): string | undefined => {
  const failed = deployments.find(({ status, rolloutState }) => status === 'PRIMARY' && rolloutState === 'FAILED');
  return failed && `its deployment failed${failed.rolloutStateReason ? `: ${failed.rolloutStateReason}` : ''}`;
};
