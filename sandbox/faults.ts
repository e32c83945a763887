/** What is broken in the world just now, on request. */
export type Fault =
  /** Nothing in that AWS Region answers: APIs, Kubernetes, databases, health URLs. Connections hang, as in life. */
  | { kind: 'region-down'; region: string }
  /** The next calls of a change are refused with a server error and not carried out. `times` absent: always. */
  | { kind: 'error'; change: string; times?: number }
  /** The change is accepted and carried out, but the caller never gets an answer. */
  | { kind: 'timeout'; change: string; times?: number }
  /** The change takes `factor` times as long (5 unless said). */
  | { kind: 'slow'; change: string; factor?: number }
  /**
   * A whole service (`slack`, `pagerduty`, `statuspage`, `smtp`, `cloudflare`) answers with 429 or 500, or not at all. Of
   * `rds`, `monitoring` (CloudWatch), `elasticache`, `ecs`, `ec2`, `autoscaling`, `route53`, `s3`, `kubernetes`, `dns`,
   * `https` and `postgres` there is only not at all: what was sent is taken, and nothing comes.
   */
  | { kind: 'service'; service: string; how: '429' | '500' | 'hang'; retryAfterSeconds?: number };

export interface Faults {
  add(fault: Fault): void;
  remove(isMeant: (fault: Fault) => boolean): void;
  clear(): void;
  list(): Fault[];
  regionDown(region: string): boolean;
  /** Takes one use of an `error` or `timeout` fault for this change. */
  take(change: string): 'error' | 'timeout' | undefined;
  slowFactor(change: string): number;
  service(name: string): Extract<Fault, { kind: 'service' }> | undefined;
}

export const createFaults = (): Faults => {
  let faults: Fault[] = [];
  return {
    add: (fault) => void faults.push({ ...fault }),
    remove: (isMeant) => {
      faults = faults.filter((fault) => !isMeant(fault));
    },
    clear: () => {
      faults = [];
    },
    list: () => faults,
    regionDown: (region) => faults.some((fault) => fault.kind === 'region-down' && fault.region === region),
    take(change) {
      for (const fault of faults) {
        if ((fault.kind !== 'error' && fault.kind !== 'timeout') || fault.change !== change) continue;
        if (fault.times === undefined) return fault.kind;
        if (fault.times > 0) {
          fault.times -= 1;
          return fault.kind;
        }
      }
      return undefined;
    },
    slowFactor(change) {
      const slow = faults.find((fault) => fault.kind === 'slow' && fault.change === change);
      return slow?.kind === 'slow' ? (slow.factor ?? 5) : 1;
    },
    service: (name) =>
      faults.find(
        (fault): fault is Extract<Fault, { kind: 'service' }> => fault.kind === 'service' && fault.service === name,
      ),
  };
};
