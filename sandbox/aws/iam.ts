import type { AwsService } from './aws-request.ts';
import type { Principals } from './principals.ts';
import { createQueryService, type QueryParameters } from './query-service.ts';

const membersOf = (given: QueryParameters, list: string): string[] =>
  given
    .keys()
    .filter((key) => key.startsWith(`${list}.member.`))
    .map((key) => given.need(key));

/** IAM as far as anybody asks it what somebody may do; one service for the whole world. */
export const createIam = (principals: Principals): AwsService =>
  createQueryService({
    name: 'iam',
    version: '2010-05-08',
    global: true,
    operations: {
      SimulatePrincipalPolicy: {
        parameters: [
          'PolicySourceArn',
          'PolicyInputList',
          'PermissionsBoundaryPolicyInputList',
          'ActionNames',
          'ResourceArns',
          'ResourcePolicy',
          'ResourceOwner',
          'CallerArn',
          'ContextEntries',
          'ResourceHandlingOption',
          'MaxItems',
          'Marker',
        ],
        required: ['PolicySourceArn', 'ActionNames.member.1'],
        run(given) {
          const may = principals.rightsOf(given.need('PolicySourceArn'));
          const resources = membersOf(given, 'ResourceArns');
          return {
            IsTruncated: false,
            EvaluationResults: {
              member: membersOf(given, 'ActionNames').flatMap((action) =>
                (resources.length > 0 ? resources : ['*']).map((resource) => ({
                  EvalActionName: action,
                  EvalResourceName: resource,
                  EvalDecision: may(action) ? 'allowed' : 'implicitDeny',
                })),
              ),
            },
          };
        },
      },
    },
  });
