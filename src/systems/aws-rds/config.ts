import { z } from 'zod';
import { awsSettings } from '../aws-options.ts';

/** Settings of RDS, by the AWS SDK's own names. */
export const awsRdsSettings = z.object({ ...awsSettings, AWS_ENDPOINT_URL_RDS: z.url().optional() });

export type AwsRdsSettings = z.infer<typeof awsRdsSettings>;
