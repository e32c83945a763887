import { createHash } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import type { AwsRequest } from './aws-request.ts';

/** How long an object version may be neither removed nor changed, by anybody. */
export interface ObjectLock {
  mode: 'COMPLIANCE' | 'GOVERNANCE';
  until: Date;
}

const source = 'S3 API, PutObject with Object Lock';
const header = (request: AwsRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** The lock that a PutObject asks for, judged as S3 does; nothing when it asks for none. */
export const lockAskedFor = (request: AwsRequest, bucketHasLock: boolean): ObjectLock | undefined => {
  const mode = header(request, 'x-amz-object-lock-mode');
  const date = header(request, 'x-amz-object-lock-retain-until-date');
  checkSums(request, mode !== undefined || date !== undefined);
  if (mode === undefined && date === undefined) return undefined;
  if (!bucketHasLock) throw new AwsError('InvalidRequest', 'Bucket is missing Object Lock Configuration', 400, source);
  if (mode === undefined || date === undefined)
    throw new AwsError(
      'InvalidArgument',
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
      400,
      source,
    );
  if (mode !== 'COMPLIANCE' && mode !== 'GOVERNANCE')
    throw new AwsError('InvalidArgument', 'Unknown wormMode directive.', 400, source);
  const until = new Date(date);
  // A time of the protocol, so it is judged by the clock on the wall.
  if (Number.isNaN(until.getTime()) || until.getTime() <= Date.now())
    throw new AwsError('InvalidArgument', 'The retain until date must be in the future!', 400, source);
  return { mode, until };
};

/** Every checksum that came must fit the body; with a lock at least one must have come. */
const checkSums = (request: AwsRequest, hasLock: boolean): void => {
  const given = [
    ['md5', header(request, 'content-md5')],
    ['sha256', header(request, 'x-amz-checksum-sha256')],
    ['sha1', header(request, 'x-amz-checksum-sha1')],
  ].filter(([, value]) => value !== undefined) as [string, string][];
  for (const [algorithm, value] of given)
    if (createHash(algorithm).update(request.body).digest('base64') !== value)
      throw new AwsError(
        'BadDigest',
        `The ${algorithm} you specified did not match the calculated checksum.`,
        400,
        source,
      );
  const others = ['crc32', 'crc32c', 'crc64nvme'].some(
    (name) => header(request, `x-amz-checksum-${name}`) !== undefined,
  );
  if (hasLock && given.length === 0 && !others)
    throw new AwsError(
      'InvalidRequest',
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
      400,
      source,
    );
};

/** Refuses what would remove a version before its time; a governance lock yields to those who may bypass it. */
export const refuseWhileLocked = (lock: ObjectLock | undefined, request: AwsRequest): void => {
  if (!lock || lock.until.getTime() <= Date.now()) return;
  if (lock.mode === 'GOVERNANCE' && header(request, 'x-amz-bypass-governance-retention') === 'true') return;
  throw new AwsError(
    'AccessDenied',
    'Access Denied because object protected by object lock.',
    403,
    'S3 API, DeleteObject with Object Lock',
  );
};
