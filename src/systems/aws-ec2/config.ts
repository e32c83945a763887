import { z } from 'zod';
import { awsSettings } from '../aws-options.ts';

/** Settings of EC2 and EC2 Auto Scaling, by the AWS SDK's own names. */
export const awsEc2Settings = z.object({
  ...awsSettings,
  AWS_ENDPOINT_URL_EC2: z.url().optional(),
  AWS_ENDPOINT_URL_AUTO_SCALING: z.url().optional(),
});

export type AwsEc2Settings = z.infer<typeof awsEc2Settings>;
