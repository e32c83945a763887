import { AsyncLocalStorage } from 'node:async_hooks';
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
  /** Whose call it was, as CloudTrail writes it; of services that know callers apart. */
  by?: string;
}

/** One refused call, with the document or model that says the real service would refuse it. */
export interface Refusal {
  at: string;
  call: string;
  code: string;
  source: string;
}

/** How calls of one method ended. */
export interface CallCounts {
  ok: number;
  refused: number;
  /** Answered 429. */
  limited: number;
  failed: number;
}

/**
 * Counts what the world accepted, by which the demo and the tests judge. Only the sandbox's own servers write it,
 * at the moment when they accept a change, whether or not the caller ever hears the answer.
 */
export interface Ledger {
  accept(change: string, resource: string, details?: Record<string, unknown>): { visible(): void; entry: LedgerEntry };
  /** What is accepted while this runs was this caller's. */
  as<T>(by: string, deed: () => T): T;
  refuse(call: string, code: string, source: string): void;
  /** How a call ended, whether it changed anything or not. */
  call(name: string, end: keyof CallCounts): void;
  entries(): LedgerEntry[];
  refusals(): Refusal[];
  /** How often each change was accepted. */
  counts(): Record<string, number>;
  /** How often each method was called, and how often it was told to wait. */
  calls(): Record<string, CallCounts>;
}

export const createLedger = (clock: WorldClock): Ledger => {
  const entries: LedgerEntry[] = [];
  const refusals: Refusal[] = [];
  const calls: Record<string, CallCounts> = {};
  const caller = new AsyncLocalStorage<string>();
  return {
    accept(change, resource, details = {}) {
      const entry: LedgerEntry = {
        number: entries.length + 1,
        change,
        resource,
        acceptedAt: clock.now().toISOString(),
        details,
        ...(caller.getStore() && { by: caller.getStore() }),
      };
      entries.push(entry);
      return {
        entry,
        visible: () => {
          entry.visibleAt ??= clock.now().toISOString();
        },
      };
    },
    as: (by, deed) => caller.run(by, deed),
    refuse: (call, code, source) => void refusals.push({ at: clock.now().toISOString(), call, code, source }),
    call(name, end) {
      calls[name] ??= { ok: 0, refused: 0, limited: 0, failed: 0 };
      calls[name][end] += 1;
    },
    calls: () => calls,
    entries: () => entries,
    refusals: () => refusals,
    counts: () => {
      const counts: Record<string, number> = {};
      for (const { change } of entries) counts[change] = (counts[change] ?? 0) + 1;
      return counts;
    },
  };
};
