import { z } from 'zod';
import { awsSettings } from '../aws-options.ts';

/** Settings of ECS, by the AWS SDK's own names. */
export const awsEcsSettings = z.object({ ...awsSettings, AWS_ENDPOINT_URL_ECS: z.url().optional() });

export type AwsEcsSettings = z.infer<typeof awsEcsSettings>;
