import type { DBInstance } from '@aws-sdk/client-rds';
import { z } from 'zod';

/** The account in an instance's ARN: `arn:aws:rds:<region>:<account>:db:<name>`. */
export const accountOf = (instance: DBInstance): string | undefined => instance.DBInstanceArn?.split(':')[4];

/** Words for an instance in another account than the plan's; undefined when all is well or the plan names none. */
export const wrongAccount = (instance: DBInstance, account: string | undefined): string | undefined => {
  const found = accountOf(instance);
  return account !== undefined && found !== undefined && found !== account
    ? `the credentials lead to account ${found}, the plan is for ${account}`
    : undefined;
};

/** `replica of orders-primary`, or undefined for a primary. */
export const sourceOf = (instance: DBInstance): string | undefined =>
  instance.ReadReplicaSourceDBInstanceIdentifier?.split(':').at(-1) || undefined;

export const describeInstance = (instance: DBInstance): string => {
  const source = sourceOf(instance);
  return `${instance.DBInstanceStatus ?? 'unknown'}, ${source ? `replica of ${source}` : 'primary'}`;
};

export const instanceArn = (region: string, account: string | undefined, instance: string): string =>
  `arn:aws:rds:${region}:${account ?? '*'}:db:${instance}`;

/** A name that RDS takes for an instance. */
export const instanceName = z.string().regex(/^[a-z](-?[a-z0-9]){0,62}$/, 'is not a name that RDS takes');
