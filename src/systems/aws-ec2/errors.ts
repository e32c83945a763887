import { MaydayError } from '../../errors.ts';
import { awsErrorName, awsFailure } from '../aws-failure.ts';

export const ec2Failure = (error: unknown, call: string): MaydayError => awsFailure(error, `ec2 ${call}`, false);

/** Another activity of the group must end first: then it may be tried again. */
export const autoScalingFailure = (error: unknown, call: string, changing = false): MaydayError => {
  const failure = awsFailure(error, `autoscaling ${call}`, changing);
  return awsErrorName(failure).startsWith('ScalingActivityInProgress')
    ? new MaydayError(failure.code, failure.message, { retryable: true, cause: error })
    : failure;
};
