import type { MaydayError } from '../../errors.ts';
import { awsErrorName, awsFailure } from '../aws-failure.ts';

export const ecsFailure = (error: unknown, call: string, changing = false): MaydayError =>
  awsFailure(error, `ecs ${call}`, changing);

export const isMissingCluster = (error: unknown): boolean => awsErrorName(error) === 'ClusterNotFoundException';
