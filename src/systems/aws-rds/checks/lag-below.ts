import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { componentPlace } from '../../component-place.ts';
import { durationText } from '../../duration-text.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { ReplicaLag } from '../replica-lag.ts';

/** A figure older than this says nothing of now. */
const freshSeconds = 300;

/** Whether a replica is at most so far behind its source, as CloudWatch has it: once a minute, a minute or two late. */
export const lagBelow = (lag: ReplicaLag) =>
  defineCheck({
    name: 'rds/lag-below',
    version: 1,
    summary: 'Is the replica close enough behind?',
    with: z.strictObject({ component: z.string(), at: z.string(), below: durationText }),
    resolve(written, plan) {
      const { id, region } = componentPlace(plan, plan.component(written.component, 'rds-postgresql'), written.at);
      return { instance: id, region, belowSeconds: written.below };
    },
    input: z.strictObject({ instance: z.string(), region: z.string(), belowSeconds: z.number() }),
    facts: { seconds: 'number' },
    permissions: () => [{ system: 'iam', action: 'cloudwatch:GetMetricStatistics', resource: '*' }],
    expectedSeconds: 1,
    async ask({ instance, region, belowSeconds }, context) {
      try {
        const newest = await lag.newest(region, instance, context.clock.now(), lookSignal(context));
        if (!newest) return { answer: 'unknown', because: `CloudWatch has no ReplicaLag of ${instance} in ${region}` };
        const age = Math.round((context.clock.now().getTime() - newest.at.getTime()) / 1000);
        if (age > freshSeconds)
          return { answer: 'unknown', because: `the newest ReplicaLag of ${instance} is ${age} s old` };
        // RDS says so when replication does not run.
        if (newest.seconds < 0) return { answer: 'no', because: `${instance} does not replicate just now` };
        const seconds = Math.round(newest.seconds * 10) / 10;
        return {
          answer: seconds < belowSeconds ? 'yes' : 'no',
          because: `${instance} is ${seconds} s behind, as of ${age} s ago; wanted below ${belowSeconds} s`,
          facts: { seconds },
        };
      } catch (error) {
        return { answer: 'unknown', because: `CloudWatch in ${region} did not say: ${messageOf(error)}` };
      }
    },
    command: ({ instance, region }) => {
      const call = ['aws', 'cloudwatch', 'get-metric-statistics', '--region', region, '--namespace', 'AWS/RDS'];
      const metric = ['--metric-name', 'ReplicaLag', '--dimensions', `Name=DBInstanceIdentifier,Value=${instance}`];
      const line = shellLine(...call, ...metric, '--statistics', 'Average', '--period', 60);
      return `${line} --start-time "$(date -u -d '-10 min' +%FT%TZ)" --end-time "$(date -u +%FT%TZ)"`;
    },
  });
