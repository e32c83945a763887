import { AwsError } from './aws-error.ts';
import type { AwsAnswer, AwsRequest, AwsService } from './aws-request.ts';
import { writeXml, type XmlNode } from './xml.ts';

/** One operation of a service that speaks the Query protocol. */
export interface QueryOperation {
  /** Every parameter of the operation in the SDK's model; lists and structures by their first word. */
  parameters: readonly string[];
  required: readonly string[];
  run(given: QueryParameters, request: AwsRequest): XmlNode | undefined | Promise<XmlNode | undefined>;
}

export interface QueryParameters {
  get(name: string): string | undefined;
  need(name: string): string;
  has(name: string): boolean;
  keys(): string[];
}

/** The Query protocol of RDS, ElastiCache and STS: a form in, XML out. */
export const createQueryService = (options: {
  name: string;
  version: string;
  global?: boolean;
  /** EC2's own: no result around the answer, and errors in another shape. */
  dialect?: 'ec2';
  operations: Record<string, QueryOperation>;
}): AwsService => {
  const formOf = (request: AwsRequest) => new URLSearchParams(request.body.toString('utf8'));
  const isEc2 = options.dialect === 'ec2';
  const namespace = ` xmlns="http://${options.name}.amazonaws.com/doc/${options.version}/"`;
  return {
    name: options.name,
    global: options.global ?? false,
    callName: (request) => `${options.name}:${formOf(request).get('Action') ?? '?'}`,
    refusal: (request, code, message) =>
      isEc2
        ? writeXml('Response', { Errors: { Error: { Code: code, Message: message } }, RequestID: request.requestId })
        : writeXml(
            'ErrorResponse',
            { Error: { Type: 'Sender', Code: code, Message: message }, RequestId: request.requestId },
            namespace,
          ),
    async answer(request): Promise<AwsAnswer> {
      const form = formOf(request);
      const action = form.get('Action') ?? '';
      const operation = options.operations[action];
      if (!operation) {
        throw new AwsError(
          'InvalidAction',
          `Could not find operation ${action}`,
          400,
          'the sandbox does not have this operation',
        );
      }
      if (form.get('Version') !== options.version) {
        throw new AwsError('InvalidAction', `Could not find operation ${action} for version ${form.get('Version')}`);
      }
      const model = `${options.name} ${options.version}, input of ${action} in the SDK's model`;
      for (const key of form.keys()) {
        if (key === 'Action' || key === 'Version') continue;
        if (!operation.parameters.includes(key.split('.')[0]!)) {
          throw new AwsError('MalformedInput', `Unknown parameter ${key}`, 400, model);
        }
      }
      const need = (name: string) => {
        const value = form.get(name);
        if (value === null || value === '') {
          throw new AwsError('MissingParameter', `The request must contain the parameter ${name}.`, 400, model);
        }
        return value;
      };
      for (const name of operation.required) need(name);
      const result = await operation.run(
        {
          get: (name) => form.get(name) ?? undefined,
          has: (name) => form.has(name),
          need,
          keys: () => [...form.keys()],
        },
        request,
      );
      return {
        headers: { 'content-type': 'text/xml' },
        body: writeXml(
          `${action}Response`,
          isEc2
            ? { requestId: request.requestId, ...result }
            : { [`${action}Result`]: result ?? {}, ResponseMetadata: { RequestId: request.requestId } },
          namespace,
        ),
      };
    },
  };
};
