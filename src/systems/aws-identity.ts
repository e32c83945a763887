import type * as iam from '@aws-sdk/client-iam';
import type * as sts from '@aws-sdk/client-sts';
import { awsErrorName, awsFailure } from './aws-failure.ts';
import { type AwsSettings, awsOptions } from './aws-options.ts';
import { createRoles } from './aws-roles.ts';
import { lazily } from './lazily.ts';

const stsSdk = lazily<typeof sts>('@aws-sdk/client-sts');
const iamSdk = lazily<typeof iam>('@aws-sdk/client-iam');

/** IAM is one service for the whole world; its API is signed for the Region where its control plane lives. */
const iamRegion = 'us-east-1';

export interface AwsIdentity {
  account: string;
  arn: string;
}

/** Who we are at AWS with a role, or without one; throws when the role may not be taken on. */
export const awsIdentity = async (
  settings: AwsSettings,
  role: string | undefined,
  region: string,
): Promise<AwsIdentity> => {
  const credentials = role ? () => createRoles(settings).take(role, 'mayday-doctor', region) : undefined;
  const endpoint = settings.AWS_ENDPOINT_URL_STS ?? settings.AWS_ENDPOINT_URL;
  const client = new (stsSdk().STSClient)(awsOptions(settings, region, endpoint, credentials));
  try {
    const { Account = '', Arn = '' } = await client.send(new (stsSdk().GetCallerIdentityCommand)({}));
    return { account: Account, arn: Arn };
  } catch (error) {
    throw awsFailure(error, 'sts GetCallerIdentity', false);
  } finally {
    client.destroy();
  }
};

/**
 * Which of these actions no policy allows, as IAM itself judges it without doing anything. `unknown` when we may not ask:
 * `iam:SimulatePrincipalPolicy` is a right that a bot need not have.
 */
export const deniedActions = async (
  settings: AwsSettings,
  principal: string,
  wanted: readonly { actions: readonly string[]; resources: readonly string[] }[],
): Promise<{ action: string; resource: string }[] | 'unknown'> => {
  const client = new (iamSdk().IAMClient)(
    awsOptions(settings, iamRegion, settings.AWS_ENDPOINT_URL_IAM ?? settings.AWS_ENDPOINT_URL),
  );
  try {
    const denied: { action: string; resource: string }[] = [];
    for (const { actions, resources } of wanted)
      for (let marker: string | undefined; ; ) {
        const answer: iam.SimulatePrincipalPolicyCommandOutput = await client.send(
          new (iamSdk().SimulatePrincipalPolicyCommand)({
            PolicySourceArn: policySource(principal),
            ActionNames: [...actions],
            ResourceArns: [...resources],
            Marker: marker,
          }),
        );
        for (const { EvalActionName, EvalResourceName, EvalDecision } of answer.EvaluationResults ?? [])
          if (EvalDecision !== 'allowed')
            denied.push({ action: EvalActionName ?? '?', resource: EvalResourceName ?? '*' });
        marker = answer.IsTruncated ? answer.Marker : undefined;
        if (marker === undefined) break;
      }
    return denied;
  } catch (error) {
    if (['AccessDenied', 'AccessDeniedException'].includes(awsErrorName(error))) return 'unknown';
    throw awsFailure(error, 'iam SimulatePrincipalPolicy', false);
  } finally {
    client.destroy();
  }
};

/** Of a session the role that it took on: IAM judges users, groups and roles. */
const policySource = (arn: string): string =>
  arn.replace(/^(arn:[^:]+):sts::(\d+):assumed-role\/([^/]+)\/.*$/, '$1:iam::$2:role/$3');
