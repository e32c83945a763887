import type { System, SystemTools } from '../../define.ts';
import { access } from './checks/access.ts';
import { reachable } from './checks/reachable.ts';
import { replicaServes } from './checks/replica-serves.ts';
import { replicationEnabled } from './checks/replication-enabled.ts';
import { createS3Buckets } from './client.ts';
import type { AwsS3Settings } from './config.ts';
import { s3Bucket } from './kinds/s3-bucket.ts';

export { type AwsS3Settings, awsS3Settings } from './config.ts';
export { createLockedObjects, type LockedObjects } from './locked-objects.ts';

export const createAwsS3 = (settings: AwsS3Settings, _tools: SystemTools): System => {
  const buckets = createS3Buckets(settings);
  return {
    name: 'aws-s3',
    actions: [],
    checks: [access(buckets), reachable(buckets), replicaServes(buckets), replicationEnabled(buckets)],
    kinds: [s3Bucket(buckets)],
    close: async () => buckets.close(),
  };
};
