import { z } from 'zod';
import { awsSettings } from '../aws-options.ts';

/** Settings of S3, by the AWS SDK's own names. */
export const awsS3Settings = z.object({
  ...awsSettings,
  AWS_ENDPOINT_URL_S3: z.url().optional(),
});

export type AwsS3Settings = z.infer<typeof awsS3Settings>;
