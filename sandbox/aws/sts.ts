import type { AwsService } from './aws-request.ts';
import { createQueryService } from './query-service.ts';

export const createSts = (account: string): AwsService =>
  createQueryService({
    name: 'sts',
    version: '2011-06-15',
    global: true,
    operations: {
      GetCallerIdentity: {
        parameters: [],
        required: [],
        run: () => ({ UserId: 'AIDASANDBOX', Account: account, Arn: `arn:aws:iam::${account}:user/sandbox` }),
      },
    },
  });
