import type { WorldClock } from './clock.ts';

/** One accepted change of the sandbox's world. All times are the world's, in ISO 8601. */
export interface LedgerEntry {
  number: number;
  /** `rds:PromoteReadReplica`, `kubernetes:PatchSecret`, `slack:chat.postMessage` … */
  change: string;
  /** `rds:us-west-2:orders-replica`, `kubernetes:east:shop/deployment/web`, `slack:C0123` … */
  resource: string;
  acceptedAt: string;
  /** When anybody who looks sees the whole effect; absent while it is under way. */
  visibleAt?: string;
  details: Record<string, unknown>;
}

/** One refused call, with the document or model that says the real service would refuse it. */
export interface Refusal {
  at: string;
  call: string;
  code: string;
  source: string;
}

/**
 * Counts what the world accepted, by which the demo and the tests judge. Only the sandbox's own servers write it,
 * at the moment when they accept a change, whether or not the caller ever hears the answer.
 */
export interface Ledger {
  accept(change: string, resource: string, details?: Record<string, unknown>): { visible(): void; entry: LedgerEntry };
  refuse(call: string, code: string, source: string): void;
  entries(): LedgerEntry[];
  refusals(): Refusal[];
  /** How often each change was accepted. */
  counts(): Record<string, number>;
}

export const createLedger = (clock: WorldClock): Ledger => {
  const entries: LedgerEntry[] = [];
  const refusals: Refusal[] = [];
  return {
    accept(change, resource, details = {}) {
      const entry: LedgerEntry = {
        number: entries.length + 1,
        change,
        resource,
        acceptedAt: clock.now().toISOString(),
        details,
      };
      entries.push(entry);
      return {
        entry,
        visible: () => {
          entry.visibleAt ??= clock.now().toISOString();
        },
      };
    },
    refuse: (call, code, source) => void refusals.push({ at: clock.now().toISOString(), call, code, source }),
    entries: () => entries,
    refusals: () => refusals,
    counts: () => {
      const counts: Record<string, number> = {};
      for (const { change } of entries) counts[change] = (counts[change] ?? 0) + 1;
      return counts;
    },
  };
};
