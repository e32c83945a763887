import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { awsRegion } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { Ec2 } from '../client.ts';

const tag = z.string().regex(/^[^=]+=.+$/, 'is no tag; write it like Key=Value');

/** Whether enough instances of a Region run, all of them or those with a tag. */
export const instancesRunning = (ec2: Ec2) =>
  defineCheck({
    name: 'ec2/instances-running',
    version: 1,
    summary: 'Do enough instances run?',
    with: z.strictObject({ at: z.string(), 'at-least': z.int().min(0), tag: tag.optional() }),
    resolve: (written, plan) => ({
      region: awsRegion(plan, written.at),
      atLeast: written['at-least'],
      ...(written.tag !== undefined && { tag: written.tag }),
    }),
    input: z.strictObject({ region: z.string(), atLeast: z.int().min(0), tag: tag.optional() }),
    facts: { running: 'number' },
    permissions: () => [{ system: 'iam', action: 'ec2:DescribeInstances', resource: '*' }],
    expectedSeconds: 2,
    async ask({ region, atLeast, tag: written }, context) {
      const [, key = '', value = ''] = /^([^=]+)=(.+)$/.exec(written ?? '') ?? [];
      try {
        const found = await ec2.running(region, written ? { key, value } : undefined, lookSignal(context));
        return {
          answer: found.length >= atLeast ? 'yes' : 'no',
          because: `${found.length} instances${written ? ` with ${written}` : ''} run in ${region}; wanted at least ${atLeast}`,
          facts: { running: found.length },
        };
      } catch (error) {
        return { answer: 'unknown', because: `EC2 in ${region} did not say: ${messageOf(error)}` };
      }
    },
    command: ({ region, tag: written }) => {
      const [, key, value] = /^([^=]+)=(.+)$/.exec(written ?? '') ?? [];
      const filters = ['Name=instance-state-name,Values=running', ...(key ? [`Name=tag:${key},Values=${value}`] : [])];
      const query = 'Reservations[].Instances[].InstanceId';
      return shellLine(
        'aws',
        'ec2',
        'describe-instances',
        '--region',
        region,
        '--filters',
        ...filters,
        '--query',
        query,
      );
    },
  });
