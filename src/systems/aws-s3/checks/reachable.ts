import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import type { S3Buckets } from '../client.ts';

/** Whether a bucket answers. */
export const reachable = (buckets: S3Buckets) =>
  defineCheck({
    name: 's3/reachable',
    version: 1,
    summary: 'Can the bucket be reached?',
    with: z.strictObject({ component: z.string(), at: z.string() }),
    resolve(written, plan) {
      const { id, region } = componentPlace(plan, plan.component(written.component, 's3-bucket'), written.at);
      return { bucket: id, region };
    },
    input: z.strictObject({ bucket: z.string(), region: z.string() }),
    facts: {},
    permissions: ({ bucket }) => [{ system: 'iam', action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}` }],
    expectedSeconds: 1,
    async ask({ bucket, region }, context) {
      try {
        await buckets.head(region, bucket, lookSignal(context));
        return { answer: 'yes', because: `bucket ${bucket} in ${region} answers` };
      } catch (error) {
        return { answer: 'no', because: `bucket ${bucket} in ${region} does not answer: ${messageOf(error)}` };
      }
    },
    command: ({ bucket, region }) => `aws s3api head-bucket --region ${region} --bucket ${bucket}`,
  });
