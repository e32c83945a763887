import { createHash } from 'node:crypto';
import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import { AwsError } from './aws-error.ts';
import type { AwsAnswer, AwsRequest, AwsService } from './aws-request.ts';
import { lockAskedFor, type ObjectLock, refuseWhileLocked } from './s3-object-lock.ts';
import { writeXml } from './xml.ts';

interface StoredObject {
  body: Buffer;
  modifiedAt: Date;
  replication?: 'PENDING' | 'COMPLETED' | 'REPLICA';
  versionId?: string;
  lock?: ObjectLock;
}

export interface Bucket {
  name: string;
  region: string;
  account: string;
  /** Names of the buckets that new objects are copied to. */
  replicatesTo: string[];
  /** The rules are there and switched off. */
  replicationPaused?: boolean;
  /** The bucket's policy refuses everybody. */
  closed?: boolean;
  objects: Map<string, StoredObject>;
  /** Present in a bucket with Object Lock, which keeps every version of every object. */
  versions?: Map<string, StoredObject[]>;
}

const namespace = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
const seededObjects = 25;

/** S3, addressed by path. A bucket lives in one Region and is gone with it, whichever Region the caller names. */
export const createS3 = (context: SandboxContext): { service: AwsService; buckets(): Bucket[] } => {
  const { clock, faults, ledger } = context;
  const buckets = new Map<string, Bucket>();
  for (const plan of context.plans) {
    for (const component of Object.values(plan.components)) {
      if (component.kind !== 's3-bucket') continue;
      const names = plan.prefer.map((place) => component[place] as string | undefined);
      for (const [index, place] of plan.prefer.entries()) {
        const name = names[index];
        if (!name) continue;
        const objects = new Map<string, StoredObject>();
        for (let number = 1; number <= seededObjects; number += 1) {
          objects.set(`uploads/${String(number).padStart(5, '0')}.json`, {
            body: Buffer.from(JSON.stringify({ number })),
            modifiedAt: new Date(clock.now().getTime() - (seededObjects - number + 1) * 600_000),
            replication: index === 0 ? 'COMPLETED' : 'REPLICA',
          });
        }
        buckets.set(name, {
          name,
          region: plan.regions[place]?.aws ?? place,
          account: plan.account,
          replicatesTo: index === 0 ? names.slice(1).filter((other) => other !== undefined) : [],
          objects,
        });
      }
    }
  }

  const put = (bucket: Bucket, key: string, body: Buffer, lock?: ObjectLock): StoredObject => {
    const { visible } = ledger.accept('s3:PutObject', `s3:${bucket.name}`, { key, bytes: body.length });
    const stored: StoredObject = {
      body,
      modifiedAt: clock.now(),
      replication: bucket.replicatesTo.length > 0 ? 'PENDING' : undefined,
    };
    if (bucket.versions) {
      const before = bucket.versions.get(key) ?? [];
      Object.assign(stored, { versionId: `version-${before.length + 1}`, lock });
      bucket.versions.set(key, [...before, stored]);
    }
    bucket.objects.set(key, stored);
    visible();
    const replicate = () => {
      if (bucket.replicationPaused) return;
      const targets = bucket.replicatesTo.map((name) => buckets.get(name)!);
      if ([bucket, ...targets].some(({ region }) => faults.regionDown(region))) return;
      for (const target of targets) target.objects.set(key, { ...stored, replication: 'REPLICA' });
      stored.replication = 'COMPLETED';
    };
    if (stored.replication) clock.after(durations.s3Replication * faults.slowFactor('s3:Replication'), replicate);
    return stored;
  };

  const operate = (bucket: Bucket, key: string, request: AwsRequest): AwsAnswer => {
    const { method, query } = request;
    if (!key && method === 'HEAD') return { headers: { 'x-amz-bucket-region': bucket.region } };
    if (!key && method === 'GET' && query.has('replication')) return { body: replicationXml(bucket, buckets) };
    if (!key && method === 'GET' && query.has('location')) {
      return { body: writeXml('LocationConstraint', bucket.region, namespace) };
    }
    if (!key && method === 'GET' && query.get('list-type') === '2') return { body: listXml(bucket, query) };
    if (key && method === 'PUT') {
      const stored = put(bucket, key, request.body, lockAskedFor(request, bucket.versions !== undefined));
      return { headers: { etag: etagOf(stored), ...(stored.versionId && { 'x-amz-version-id': stored.versionId }) } };
    }
    if (key && method === 'DELETE') return remove(bucket, key, request);
    if (key && (method === 'GET' || method === 'HEAD')) {
      const wanted = query.get('versionId');
      const found = wanted
        ? bucket.versions?.get(key)?.find(({ versionId }) => versionId === wanted)
        : bucket.objects.get(key);
      if (!found) throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404, 'S3 API, NoSuchKey');
      return {
        headers: {
          'content-type': 'application/octet-stream',
          'content-length': String(found.body.length),
          'last-modified': found.modifiedAt.toUTCString(),
          etag: etagOf(found),
          ...(found.versionId && { 'x-amz-version-id': found.versionId }),
          ...(found.lock && {
            'x-amz-object-lock-mode': found.lock.mode,
            'x-amz-object-lock-retain-until-date': found.lock.until.toISOString(),
          }),
          ...(found.replication && { 'x-amz-replication-status': found.replication }),
        },
        body: found.body,
      };
    }
    throw new AwsError('NotImplemented', 'The sandbox does not have this operation.', 501, 'the sandbox');
  };

  /** Without a version only a marker is laid over the object, as S3 does in a bucket with versions. */
  const remove = (bucket: Bucket, key: string, request: AwsRequest): AwsAnswer => {
    const wanted = request.query.get('versionId');
    const versions = bucket.versions?.get(key) ?? [];
    if (wanted) {
      refuseWhileLocked(versions.find(({ versionId }) => versionId === wanted)?.lock, request);
      bucket.versions?.set(
        key,
        versions.filter(({ versionId }) => versionId !== wanted),
      );
    }
    const { visible } = ledger.accept('s3:DeleteObject', `s3:${bucket.name}`, { key });
    const newest = bucket.versions?.get(key)?.at(-1);
    if (wanted && newest) bucket.objects.set(key, newest);
    else bucket.objects.delete(key);
    visible();
    return { status: 204 };
  };

  const create = (name: string, request: AwsRequest): AwsAnswer => {
    ledger.accept('s3:CreateBucket', `s3:${name}`).visible();
    buckets.set(name, {
      name,
      region: request.region,
      account: context.plans[0]?.account ?? '000000000000',
      replicatesTo: [],
      objects: new Map(),
      ...(request.headers['x-amz-bucket-object-lock-enabled'] === 'true' && { versions: new Map() }),
    });
    return { headers: { location: `/${name}` } };
  };

  const targetOf = (request: AwsRequest) => {
    const [, bucket = '', ...rest] = request.path.split('/');
    return { bucket: decodeURIComponent(bucket), key: decodeURIComponent(rest.join('/')) };
  };

  const service: AwsService = {
    name: 's3',
    // Judged by the bucket's own Region below: the name of a bucket is global.
    global: true,
    callName(request) {
      const { key } = targetOf(request);
      if (request.method === 'PUT') return key === '' ? 's3:CreateBucket' : 's3:PutObject';
      if (request.method === 'DELETE') return 's3:DeleteObject';
      // By the right that each needs, which is what IAM knows them by.
      if (request.query.has('replication')) return 's3:GetReplicationConfiguration';
      return key === '' ? 's3:ListBucket' : 's3:GetObject';
    },
    refusal: (request, code, message) =>
      writeXml('Error', { Code: code, Message: message, RequestId: request.requestId }),
    async answer(request) {
      const { bucket: name, key } = targetOf(request);
      const bucket = buckets.get(name);
      if (!bucket && !key && request.method === 'PUT') return create(name, request);
      if (!bucket)
        throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404, 'S3 API, NoSuchBucket');
      if (faults.regionDown(bucket.region)) return new Promise(() => {});
      const owner = request.headers['x-amz-expected-bucket-owner'];
      if (owner !== undefined && owner !== bucket.account) {
        throw new AwsError('AccessDenied', 'Access Denied', 403, 'S3 API, ExpectedBucketOwner');
      }
      if (bucket.closed) throw new AwsError('AccessDenied', 'Access Denied', 403, 'S3 user guide, bucket policies');
      if (request.region !== bucket.region) {
        throw new AwsError('PermanentRedirect', `The bucket is in ${bucket.region}.`, 301, 'S3 API, PermanentRedirect');
      }
      return operate(bucket, key, request);
    },
  };
  return { service, buckets: () => [...buckets.values()] };
};

const etagOf = ({ body }: StoredObject) => `"${createHash('md5').update(body).digest('hex')}"`;

const listXml = (bucket: Bucket, query: URLSearchParams): string => {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const most = Math.min(Number(query.get('max-keys') ?? 1000), 1000);
  const keys = [...bucket.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const page = keys.slice(0, most);
  return writeXml(
    'ListBucketResult',
    {
      Name: bucket.name,
      Prefix: prefix,
      KeyCount: page.length,
      MaxKeys: most,
      IsTruncated: keys.length > most,
      NextContinuationToken: keys.length > most ? page.at(-1) : undefined,
      Contents: page.map((key) => {
        const stored = bucket.objects.get(key)!;
        return {
          Key: key,
          LastModified: stored.modifiedAt,
          ETag: etagOf(stored),
          Size: stored.body.length,
          StorageClass: 'STANDARD',
        };
      }),
    },
    namespace,
  );
};

const replicationXml = (bucket: Bucket, buckets: Map<string, Bucket>): string => {
  if (bucket.replicatesTo.length === 0) {
    throw new AwsError(
      'ReplicationConfigurationNotFoundError',
      'The replication configuration was not found',
      404,
      'S3 API, GetBucketReplication',
    );
  }
  return writeXml(
    'ReplicationConfiguration',
    {
      Role: `arn:aws:iam::${bucket.account}:role/s3-replication`,
      Rule: bucket.replicatesTo.map((name, at) => ({
        ID: `to-${buckets.get(name)!.region}`,
        Priority: at + 1,
        Status: bucket.replicationPaused ? 'Disabled' : 'Enabled',
        Filter: { Prefix: '' },
        DeleteMarkerReplication: { Status: 'Enabled' },
        Destination: { Bucket: `arn:aws:s3:::${name}` },
      })),
    },
    namespace,
  );
};
