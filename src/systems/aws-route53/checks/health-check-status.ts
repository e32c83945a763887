import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { Route53 } from '../client.ts';
import { route53Failure } from '../errors.ts';
import { route53Sdk } from '../sdk.ts';

/** What most of Route 53's checkers around the world say of a health check just now. */
export const healthCheckStatus = (route53: Route53) =>
  defineCheck({
    name: 'route53/health-check-status',
    version: 1,
    summary: 'What do the health checkers say?',
    with: z.strictObject({ 'health-check': z.string(), wants: z.enum(['healthy', 'unhealthy']).default('healthy') }),
    resolve: (written) => ({ healthCheck: written['health-check'], wants: written.wants }),
    input: z.strictObject({ healthCheck: z.string(), wants: z.enum(['healthy', 'unhealthy']) }),
    facts: { status: 'string', checkers: 'number', healthy: 'number' },
    permissions: ({ healthCheck }) => [
      {
        system: 'iam',
        action: 'route53:GetHealthCheckStatus',
        resource: `arn:aws:route53:::healthcheck/${healthCheck}`,
      },
    ],
    expectedSeconds: 1,
    async ask({ healthCheck, wants }, context) {
      try {
        const { HealthCheckObservations = [] } = await route53
          .reading()
          .send(new (route53Sdk().GetHealthCheckStatusCommand)({ HealthCheckId: healthCheck }), {
            abortSignal: lookSignal(context),
          });
        const checkers = HealthCheckObservations.length;
        if (checkers === 0) return { answer: 'unknown', because: `no checker has said anything of ${healthCheck} yet` };
        const says = HealthCheckObservations.map(({ StatusReport }) => StatusReport?.Status ?? '');
        const healthy = says.filter((status) => /^success/i.test(status)).length;
        const status = healthy * 2 > checkers ? 'healthy' : 'unhealthy';
        const failing = says.find((each) => !/^success/i.test(each));
        return {
          answer: status === wants ? 'yes' : 'no',
          because: `${healthy} of ${checkers} checkers say that ${healthCheck} is healthy${failing ? `; others: ${failing}` : ''}`,
          facts: { status, checkers, healthy },
        };
      } catch (error) {
        return { answer: 'unknown', because: route53Failure(error, `GetHealthCheckStatus ${healthCheck}`).message };
      }
    },
    command: ({ healthCheck }) =>
      shellLine('aws', 'route53', 'get-health-check-status', '--health-check-id', healthCheck),
  });
