import type { MaydayError } from '../../errors.ts';
import { awsErrorName, awsFailure } from '../aws-failure.ts';

export const rdsFailure = (error: unknown, call: string, changing = false): MaydayError =>
  awsFailure(error, `rds ${call}`, changing);

export const isMissingInstance = (error: unknown): boolean =>
  ['DBInstanceNotFound', 'DBInstanceNotFoundFault'].includes(awsErrorName(error));
