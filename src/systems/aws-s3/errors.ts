import type { MaydayError } from '../../errors.ts';
import { awsErrorName, awsFailure } from '../aws-failure.ts';

export const s3Failure = (error: unknown, call: string): MaydayError => awsFailure(error, `s3 ${call}`, false);

/** Whether S3 itself said no, as against not answering. */
export const isRefusal = (error: unknown): boolean =>
  ['NotFound', 'NoSuchBucket', 'NoSuchKey', 'AccessDenied', 'PermanentRedirect', '301', '403'].includes(
    awsErrorName(error),
  ) || (error as MaydayError).code === 'system/refused';
