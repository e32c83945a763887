import { z } from 'zod';
import { awsSettings } from '../aws-options.ts';

/** Settings of RDS, and of CloudWatch, which knows how far its replicas are behind; by the AWS SDK's own names. */
export const awsRdsSettings = z.object({
  ...awsSettings,
  AWS_ENDPOINT_URL_RDS: z.url().optional(),
  AWS_ENDPOINT_URL_CLOUDWATCH: z.url().optional(),
});

export type AwsRdsSettings = z.infer<typeof awsRdsSettings>;
