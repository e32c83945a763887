import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import type { S3Buckets } from '../client.ts';
import { isForbidden, isRefusal } from '../errors.ts';

/** Whether these credentials may use a bucket: it is there, and it may be listed. */
export const access = (buckets: S3Buckets) =>
  defineCheck({
    name: 's3/access',
    version: 1,
    summary: 'May the bucket be used?',
    with: z.strictObject({ component: z.string(), at: z.string() }),
    resolve(written, plan) {
      const { id, region } = componentPlace(plan, plan.component(written.component, 's3-bucket'), written.at);
      return { bucket: id, region };
    },
    input: z.strictObject({ bucket: z.string(), region: z.string() }),
    facts: { missing: 'string' },
    permissions: ({ bucket }) => [{ system: 'iam', action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}` }],
    expectedSeconds: 1,
    async ask({ bucket, region }, context) {
      const signal = lookSignal(context);
      try {
        await buckets.head(region, bucket, signal);
        await buckets.listOne(region, bucket, signal);
        return { answer: 'yes', because: `bucket ${bucket} in ${region} is there and may be listed` };
      } catch (error) {
        // Both questions need the same permission; S3 does not say which one it misses.
        if (isForbidden(error)) {
          const missing = `s3:ListBucket on arn:aws:s3:::${bucket}`;
          return {
            answer: 'no',
            because: `these credentials lack ${missing}: ${messageOf(error)}`,
            facts: { missing },
          };
        }
        const because = `bucket ${bucket} in ${region}: ${messageOf(error)}`;
        return { answer: isRefusal(error) ? 'no' : 'unknown', because };
      }
    },
    command: ({ bucket, region }) => `aws s3api list-objects-v2 --region ${region} --bucket ${bucket} --max-keys 1`,
  });
