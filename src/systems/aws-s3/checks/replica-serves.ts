import { z } from 'zod';
import { defineCheck, type Json, type LookContext } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import type { S3Buckets, StoredKey } from '../client.ts';
import { isRefusal } from '../errors.ts';

/** The source is only asked for how far replication is; half of the time must be left when it hangs. */
const sourceMilliseconds = 1500;

const input = z.strictObject({
  bucket: z.string(),
  region: z.string(),
  source: z.string(),
  sourceRegion: z.string(),
});

/**
 * Whether a replica bucket can serve now: it is listed and an object of it is read. How far it is behind is said as
 * well when the source answers; a dead source makes that unknown, not the answer.
 */
export const replicaServes = (buckets: S3Buckets) =>
  defineCheck({
    name: 's3/replica-serves',
    version: 1,
    summary: 'Can the replica of the bucket serve?',
    with: z.strictObject({ component: z.string(), from: z.string(), at: z.string() }),
    resolve(written, plan) {
      const component = plan.component(written.component, 's3-bucket');
      const replica = componentPlace(plan, component, written.at);
      const source = componentPlace(plan, component, written.from);
      return { bucket: replica.id, region: replica.region, source: source.id, sourceRegion: source.region };
    },
    input,
    facts: { bucket: 'string', region: 'string', replication: 'string', lagSeconds: 'number' },
    permissions: ({ bucket, source }) => [
      { system: 'iam', action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}` },
      { system: 'iam', action: 's3:GetObject', resource: `arn:aws:s3:::${bucket}/*` },
      { system: 'iam', action: 's3:ListBucket', resource: `arn:aws:s3:::${source}` },
      { system: 'iam', action: 's3:GetObject', resource: `arn:aws:s3:::${source}/*` },
    ],
    expectedSeconds: 2,
    async ask(given, context) {
      const { bucket, region } = given;
      let newest: StoredKey | undefined;
      try {
        const signal = lookSignal(context);
        newest = await buckets.newest(region, bucket, signal);
        if (newest) await buckets.read(region, bucket, newest.key, signal);
      } catch (error) {
        const because = `bucket ${bucket} in ${region} could not be read: ${messageOf(error)}`;
        return { answer: isRefusal(error) ? 'no' : 'unknown', because };
      }
      const replication = await askSource(buckets, given, newest, context);
      const facts: Record<string, Json> = { bucket, region, ...replication.facts };
      if (!newest)
        return { answer: 'unknown', because: `bucket ${bucket} is empty, so nothing proves that it serves`, facts };
      return {
        answer: 'yes',
        because: `bucket ${bucket} in ${region} was listed and read; ${replication.words}`,
        facts,
      };
    },
    command: ({ bucket, region }) => `aws s3api list-objects-v2 --region ${region} --bucket ${bucket} --max-keys 1000`,
  });

const askSource = async (
  buckets: S3Buckets,
  { source, sourceRegion }: z.infer<typeof input>,
  replica: StoredKey | undefined,
  context: LookContext,
): Promise<{ words: string; facts: { replication: string; lagSeconds?: number } }> => {
  try {
    const signal = lookSignal(context, sourceMilliseconds);
    const newest = await buckets.newest(sourceRegion, source, signal);
    if (!newest) return { words: 'the source is empty', facts: { replication: 'complete', lagSeconds: 0 } };
    const status = await buckets.replicationStatus(sourceRegion, source, newest.key, signal);
    if (status === 'FAILED')
      return { words: 'replication of the newest object failed', facts: { replication: 'failed' } };
    if (status === 'PENDING') {
      const behind = replica
        ? Math.max(0, (newest.modifiedAt.getTime() - replica.modifiedAt.getTime()) / 1000)
        : undefined;
      const words = `it is behind the source by ${behind === undefined ? 'all objects' : `${behind} s`}`;
      return { words, facts: { replication: 'behind', ...(behind !== undefined && { lagSeconds: behind }) } };
    }
    if (status === undefined) return { words: 'the source is not replicated', facts: { replication: 'none' } };
    return { words: 'it has the newest object of the source', facts: { replication: 'complete', lagSeconds: 0 } };
  } catch {
    const words = `how far it is behind is not known, as ${source} in ${sourceRegion} does not answer`;
    return { words, facts: { replication: 'unknown' } };
  }
};
