import { z } from 'zod';
import { awsSettings } from '../aws-options.ts';

/** Settings of ElastiCache, by the AWS SDK's own names. */
export const awsElasticacheSettings = z.object({ ...awsSettings, AWS_ENDPOINT_URL_ELASTICACHE: z.url().optional() });

export type AwsElasticacheSettings = z.infer<typeof awsElasticacheSettings>;
