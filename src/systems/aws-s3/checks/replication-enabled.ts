import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import type { S3Buckets } from '../client.ts';

/** Whether a bucket has an enabled rule that copies new objects to the bucket of another place. */
export const replicationEnabled = (buckets: S3Buckets) =>
  defineCheck({
    name: 's3/replication-enabled',
    version: 1,
    summary: 'Is the bucket replicated?',
    with: z.strictObject({ component: z.string(), from: z.string(), at: z.string() }),
    resolve(written, plan) {
      const component = plan.component(written.component, 's3-bucket');
      const { id: source, region } = componentPlace(plan, component, written.from);
      return { source, region, target: componentPlace(plan, component, written.at).id };
    },
    input: z.strictObject({ source: z.string(), region: z.string(), target: z.string() }),
    facts: { rule: 'string' },
    permissions: ({ source }) => [
      { system: 'iam', action: 's3:GetReplicationConfiguration', resource: `arn:aws:s3:::${source}` },
    ],
    expectedSeconds: 1,
    async ask({ source, region, target }, context) {
      try {
        const rules = await buckets.replicationRules(region, source, lookSignal(context));
        const toTarget = rules.filter(({ bucket }) => bucket === target);
        const enabled = toTarget.find((rule) => rule.enabled);
        if (enabled)
          return {
            answer: 'yes',
            because: `rule ${enabled.id} of ${source} copies to ${target}`,
            facts: { rule: enabled.id },
          };
        const because =
          toTarget.length > 0
            ? `the rules of ${source} for ${target} are disabled: ${toTarget.map(({ id }) => id).join(', ')}`
            : `${source} has no rule that copies to ${target}`;
        return { answer: 'no', because };
      } catch (error) {
        return { answer: 'unknown', because: `bucket ${source} in ${region} did not say: ${messageOf(error)}` };
      }
    },
    command: ({ source, region }) => `aws s3api get-bucket-replication --region ${region} --bucket ${source}`,
  });
