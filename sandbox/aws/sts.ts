import { AwsError } from './aws-error.ts';
import type { AwsService } from './aws-request.ts';
import type { Principals } from './principals.ts';
import { createQueryService } from './query-service.ts';

const source = 'AWS STS API 2011-06-15, AssumeRole';

/** STS as each Region has it: who one is, and another role for an hour. */
export const createSts = (principals: Principals): AwsService =>
  createQueryService({
    name: 'sts',
    version: '2011-06-15',
    operations: {
      GetCallerIdentity: {
        parameters: [],
        required: [],
        run: (_given, { by }) => ({ UserId: by.id, Account: principals.account, Arn: by.arn }),
      },
      AssumeRole: {
        parameters: [
          'RoleArn',
          'RoleSessionName',
          'PolicyArns',
          'Policy',
          'DurationSeconds',
          'Tags',
          'TransitiveTagKeys',
          'ExternalId',
          'SerialNumber',
          'TokenCode',
          'SourceIdentity',
          'ProvidedContexts',
        ],
        required: ['RoleArn', 'RoleSessionName'],
        run(given, { by }) {
          const name = given.need('RoleSessionName');
          if (!/^[\w+=,.@-]{2,64}$/.test(name))
            throw new AwsError(
              'ValidationError',
              `1 validation error detected: Value '${name}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`,
              400,
              source,
            );
          const seconds = Number(given.get('DurationSeconds') ?? 3600);
          if (!(seconds >= 900 && seconds <= 43_200))
            throw new AwsError('ValidationError', 'DurationSeconds must be between 900 and 43200.', 400, source);
          const session = principals.assume(by, given.need('RoleArn'), name, seconds);
          return {
            Credentials: {
              AccessKeyId: session.accessKeyId,
              SecretAccessKey: session.secretAccessKey,
              SessionToken: session.sessionToken,
              Expiration: session.expiration.toISOString(),
            },
            AssumedRoleUser: { AssumedRoleId: session.id, Arn: session.arn },
          };
        },
      },
    },
  });
