import { AwsError } from './aws-error.ts';
import type { AwsAnswer, AwsRequest, AwsService } from './aws-request.ts';

/** One operation of a service that speaks JSON. */
export interface JsonOperation {
  /** Every member of the operation's input in the SDK's model. */
  parameters: readonly string[];
  required: readonly string[];
  run(given: Record<string, any>, request: AwsRequest): object | Promise<object>;
}

/** The protocols awsJson1_0 and awsJson1_1 of CloudWatch and ECS: the operation in a header, JSON in and out. */
export const createJsonService = (options: {
  /** In signatures. */
  name: string;
  /** In the ledger and in faults, where that is another. */
  known?: string;
  /** Before the operation's name in `x-amz-target`. */
  target: string;
  version: '1.0' | '1.1';
  /** Says an error also as the Query protocol did, for clients that knew it. */
  queryCompatible?: boolean;
  operations: Record<string, JsonOperation>;
}): AwsService => {
  const contentType = `application/x-amz-json-${options.version}`;
  const nameOf = (request: AwsRequest) => String(request.headers['x-amz-target'] ?? '').split('.');
  return {
    name: options.name,
    global: false,
    callName: (request) => `${options.known ?? options.name}:${nameOf(request)[1] ?? '?'}`,
    refusal: (_request, code, message) => JSON.stringify({ __type: code, message, Message: message }),
    refusalHeaders: (code) => ({
      'content-type': contentType,
      ...(options.queryCompatible && { 'x-amzn-query-error': `${code};Sender` }),
    }),
    async answer(request): Promise<AwsAnswer> {
      const [target, name = ''] = nameOf(request);
      const operation = target === options.target ? options.operations[name] : undefined;
      if (!operation)
        throw new AwsError('UnknownOperationException', name, 400, 'the sandbox does not have this operation');
      if (request.headers['content-type'] !== contentType)
        throw new AwsError('SerializationException', `expected ${contentType}`, 400, 'the protocol of the service');
      const model = `input of ${name} in the SDK's model`;
      let given: Record<string, unknown>;
      try {
        given = JSON.parse(request.body.toString('utf8'));
      } catch {
        throw new AwsError('SerializationException', 'The body is not JSON.', 400, 'the protocol of the service');
      }
      for (const key of Object.keys(given))
        if (!operation.parameters.includes(key))
          throw new AwsError('SerializationException', `Unknown member ${key}`, 400, model);
      for (const key of operation.required)
        if (given[key] === undefined || given[key] === '')
          throw new AwsError('ValidationException', `${key} is required.`, 400, model);
      const body = await operation.run(given, request);
      return { headers: { 'content-type': contentType }, body: JSON.stringify(body) };
    },
  };
};
