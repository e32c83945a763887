import type { Principal } from './principals.ts';

/** One signed call, read as far as every service needs it. */
export interface AwsRequest {
  service: string;
  region: string;
  /** Whose keys signed it. */
  by: Principal;
  method: string;
  /** Path without the query, percent-encoding kept. */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  requestId: string;
}

export interface AwsAnswer {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** One AWS service of the sandbox. */
export interface AwsService {
  /** Its name in signatures: `rds`, `route53` … */
  name: string;
  /** True when it lives outside of any one Region and so survives the loss of one. */
  global: boolean;
  answer(request: AwsRequest): Promise<AwsAnswer>;
  /** How this service writes a refusal down. */
  refusal(request: AwsRequest, code: string, message: string): string;
  /** Absent: what XML needs. */
  refusalHeaders?(code: string): Record<string, string>;
  /** `rds:PromoteReadReplica`; what faults and the ledger call this call. */
  callName(request: AwsRequest): string;
}
