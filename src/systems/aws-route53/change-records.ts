import { setTimeout as sleep } from 'node:timers/promises';
import type { Change } from '@aws-sdk/client-route-53';
import type { Permission, StepContext } from '../../define.ts';
import { lookSignal } from '../look-signal.ts';
import { shellLine } from '../shell-line.ts';
import type { Route53 } from './client.ts';
import { route53Failure } from './errors.ts';
import { route53Sdk } from './sdk.ts';

/** World seconds between two questions whether the name servers have a change. */
const pollSeconds = 5;

/** One batch, which Route 53 takes whole or not at all. Returns when all name servers have it. */
export const changeRecords = async (
  route53: Route53,
  { zone, name }: { zone: string; name: string },
  changes: Change[],
  context: StepContext,
): Promise<void> => {
  const command = new (route53Sdk().ChangeResourceRecordSetsCommand)({
    HostedZoneId: zone,
    ChangeBatch: { Comment: `mayday ${context.key}`, Changes: changes },
  });
  const writer = await route53.changing(context);
  const abortSignal = await context.beforeChange();
  let id: string | undefined;
  try {
    id = (await writer.send(command, { abortSignal })).ChangeInfo?.Id;
  } catch (error) {
    throw route53Failure(error, `ChangeResourceRecordSets ${name}`, true);
  }
  if (id) await inSync(route53, id, context);
};

const inSync = async (route53: Route53, id: string, context: StepContext): Promise<void> => {
  for (;;) {
    try {
      const answer = await route53
        .reading()
        .send(new (route53Sdk().GetChangeCommand)({ Id: id }), { abortSignal: lookSignal(context) });
      if (answer.ChangeInfo?.Status === 'INSYNC') return;
    } catch (error) {
      // The batch was accepted; a question that fails is asked again until the step is out of time.
      context.log.warn(
        { error: route53Failure(error, 'GetChange').message },
        'could not ask whether a change is in sync',
      );
    }
    await sleep((pollSeconds * 1000) / context.clock.speed, undefined, { signal: context.signal });
  }
};

/** What it takes to change records of a zone and to see them changed. */
export const changePermissions = (zone: string): Permission[] => [
  { system: 'iam', action: 'route53:ListResourceRecordSets', resource: `arn:aws:route53:::hostedzone/${zone}` },
  { system: 'iam', action: 'route53:ChangeResourceRecordSets', resource: `arn:aws:route53:::hostedzone/${zone}` },
  { system: 'iam', action: 'route53:GetChange', resource: 'arn:aws:route53:::change/*' },
];

export const changeLine = (zone: string, changes: Change[]): string => {
  const call = ['aws', 'route53', 'change-resource-record-sets'];
  return shellLine(...call, '--hosted-zone-id', zone, '--change-batch', JSON.stringify({ Changes: changes }));
};
