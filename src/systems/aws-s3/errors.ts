import type { MaydayError } from '../../errors.ts';
import { awsErrorName, awsFailure } from '../aws-failure.ts';

export const s3Failure = (error: unknown, call: string): MaydayError => awsFailure(error, `s3 ${call}`, false);

/** Whether S3 itself said no, as against not answering. */
export const isRefusal = (error: unknown): boolean =>
  ['NotFound', 'NoSuchBucket', 'NoSuchKey', 'AccessDenied', 'PermanentRedirect', '301', '403'].includes(
    awsErrorName(error),
  ) || (error as MaydayError).code === 'system/refused';

export const hasNoReplication = (error: unknown): boolean =>
  awsErrorName(error) === 'ReplicationConfigurationNotFoundError';

/** HEAD has no body in which S3 could say why, so its refusal is known by the status alone. */
export const isForbidden = (error: unknown): boolean => {
  const { cause } = error as { cause?: { $metadata?: { httpStatusCode?: number } } };
  return awsErrorName(error) === 'AccessDenied' || cause?.$metadata?.httpStatusCode === 403;
};
