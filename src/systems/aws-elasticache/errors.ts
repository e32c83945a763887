import type { MaydayError } from '../../errors.ts';
import { awsErrorName, awsFailure } from '../aws-failure.ts';

export const elasticacheFailure = (error: unknown, call: string, changing = false): MaydayError =>
  awsFailure(error, `elasticache ${call}`, changing);

export const isMissingGroup = (error: unknown): boolean => awsErrorName(error) === 'ReplicationGroupNotFoundFault';
