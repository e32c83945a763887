import { z } from 'zod';
import { awsSettings } from '../aws-options.ts';

/** Settings of Route 53, by the AWS SDK's own names. */
export const awsRoute53Settings = z.object({ ...awsSettings, AWS_ENDPOINT_URL_ROUTE_53: z.url().optional() });

export type AwsRoute53Settings = z.infer<typeof awsRoute53Settings>;
