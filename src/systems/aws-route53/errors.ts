import type { MaydayError } from '../../errors.ts';
import { awsFailure } from '../aws-failure.ts';

export const route53Failure = (error: unknown, call: string, changing = false): MaydayError =>
  awsFailure(error, `route53 ${call}`, changing);
