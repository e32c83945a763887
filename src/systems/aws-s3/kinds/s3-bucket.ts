import { z } from 'zod';
import { defineKind } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import type { S3Buckets } from '../client.ts';

/** A bucket in each place, replicated from the active one. */
export const s3Bucket = (buckets: S3Buckets) =>
  defineKind({
    name: 's3-bucket',
    summary: 'Amazon S3, one bucket in each place',
    at: z.string().min(1),
    settings: z.strictObject({}),
    resources: (component, place) => [`s3:${String(component.at[place])}`],
    async describe(component, place, plan, context) {
      const { id, region } = componentPlace(plan, component, place);
      try {
        const newest = await buckets.newest(region, id, lookSignal(context));
        return `${id}: ${newest ? `newest object of ${newest.modifiedAt.toISOString()}` : 'empty'}`;
      } catch (error) {
        return `${id}: not known (${messageOf(error)})`;
      }
    },
  });
