import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../listen.ts';
import type { SandboxContext, SandboxPart } from '../part.ts';
import { readBody } from '../read-body.ts';
import { AwsError } from './aws-error.ts';
import type { AwsRequest, AwsService } from './aws-request.ts';
import { accessDenied, type Principal, type Principals } from './principals.ts';

const nobody: Principal = { arn: '', id: '', mayCall: () => false };

/**
 * One endpoint for all AWS services and Regions: the signature's scope (`…/<region>/<service>/aws4_request`) tells
 * which is meant. The access key and the session's token are checked; the signature itself is not computed again.
 */
export const startAws = async (
  context: SandboxContext,
  services: AwsService[],
  principals: Principals,
): Promise<SandboxPart> => {
  const { faults, holds, ledger } = context;

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await readBody(request);
    const url = new URL(request.url ?? '/', 'http://sandbox');
    const scope =
      /Credential=([^/]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/.exec(request.headers.authorization ?? '') ??
      undefined;
    const given: Omit<AwsRequest, 'by'> = {
      service: scope?.[3] ?? '',
      region: scope?.[2] ?? '',
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body,
      requestId: randomUUID(),
    };
    const call: AwsRequest = { ...given, by: nobody };
    const service = services.find((known) => known.name === call.service);
    const name = service?.callName(call) ?? 'aws:?';
    const send = (status: number, headers: Record<string, string>, text: string | Buffer) => {
      response.writeHead(status, {
        'x-amzn-requestid': call.requestId,
        'x-amz-request-id': call.requestId,
        ...headers,
      });
      response.end(request.method === 'HEAD' ? undefined : text);
    };
    const refuse = (error: AwsError) => {
      ledger.refuse(name, error.code, error.source);
      const text = service?.refusal(call, error.code, error.message) ?? error.message;
      send(error.status, service?.refusalHeaders?.(error.code) ?? { 'content-type': 'text/xml' }, text);
    };
    if (service && !service.global && faults.regionDown(call.region)) return;
    if (faults.service(call.service)?.how === 'hang') return;
    try {
      if (!service || !scope) {
        throw new AwsError('MissingAuthenticationToken', 'Missing Authentication Token', 403, 'Signature Version 4');
      }
      const token = request.headers['x-amz-security-token'];
      call.by = principals.identify(call.service, scope[1] ?? '', typeof token === 'string' ? token : undefined);
      if (!call.by.mayCall(name)) throw accessDenied(call.service, call.by, name);
      const fault = faults.take(name);
      if (fault === 'error') {
        send(500, { 'content-type': 'text/xml' }, service.refusal(call, 'InternalFailure', 'Asked for by a fault.'));
        return;
      }
      const text = decodeURIComponent(
        `${call.method} ${call.path}?${call.query} ${body.toString('utf8')}`.replace(/%(?![0-9A-F]{2})/gi, '%25'),
      );
      if (!(await holds.pass(name, 'before', text))) return;
      const answer = await ledger.as(call.by.arn, () => service.answer(call));
      if (!(await holds.pass(name, 'after', text))) return;
      // Carried out, but the caller never hears of it.
      if (fault === 'timeout') return;
      send(answer.status ?? 200, answer.headers ?? { 'content-type': 'text/xml' }, answer.body ?? '');
    } catch (error) {
      if (error instanceof AwsError) return refuse(error);
      context.log('an AWS call failed inside the sandbox', { call: name, error: String(error) });
      send(500, { 'content-type': 'text/xml' }, service?.refusal(call, 'InternalFailure', String(error)) ?? '');
    }
  };

  const server = createServer((request, response) => void handle(request, response));
  const port = await listen(server);
  return {
    name: 'aws',
    environment: {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: principals.accessKeyId,
      AWS_SECRET_ACCESS_KEY: principals.secretAccessKey,
      MAYDAY_AWS_READ_ROLE: principals.roles.read,
      MAYDAY_AWS_WRITE_ROLE: principals.roles.write,
      AWS_REGION: Object.values(context.plans[0]?.regions ?? {})[0]?.aws ?? 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    control: {
      /** As somebody who edits a policy in the console. */
      'POST /aws/deny': ({ body }) => {
        principals.deny(String(body.arn), String(body.action));
        return { ok: true };
      },
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
