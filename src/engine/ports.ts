import type { Clock, GroupView, Json, Lane, Log, LossInput } from '../define.ts';
import type { RunState } from './state.ts';

/** What the engine needs of the outside, declared here so that it imports neither journal nor queue. */

export interface Head {
  seq: number;
  hash: string;
}

export interface StoredEvent {
  seq: number;
  at: string;
  actor: string;
  type: string;
  version: number;
  data: any;
  hash: string;
}

export interface NewEvent {
  type: string;
  version: number;
  actor: string;
  data: object;
}

export interface RunRow {
  id: string;
  incident: string;
  plan: string;
  flow: string;
  scope: string;
  status: string;
  outcome: string | null;
  requester: string;
  created_at: string;
  finished_at: string | null;
  look_recover_at: string | null;
  look_tell_at: string | null;
  look_look_at: string | null;
}

export interface IncidentRow {
  id: string;
  plan: string | null;
  title: string;
  severity: string;
  status: string;
  commander: string | null;
  facts: Record<string, Json>;
  declared_at: string;
  resolved_at: string | null;
}

export interface JournalPort {
  append(
    appends: { stream: string; expected: Head; events: NewEvent[] }[],
    options?: {
      fence?: { runId: string; lane: string; epoch: number };
      claim?: { runId: string; resources: string[] };
      releaseClaimsOf?: string;
      runs?: RunRow[];
      incidents?: IncidentRow[];
    },
  ): Promise<Record<string, Head>>;
  read(stream: string, afterSeq?: number): Promise<StoredEvent[]>;
}

export interface LeasePort {
  take(runId: string, lane: Lane): Promise<Lease | undefined>;
  renew(lease: Lease): Promise<boolean>;
  release(lease: Lease): Promise<void>;
}

export interface Lease {
  runId: string;
  lane: Lane;
  epoch: number;
}

/** How much a promote would lose. Seconds are null when they cannot be known. */
export interface LossReading {
  component: string;
  seconds: number | null;
  /** The most that it can be, when that is known. */
  upperBoundSeconds: number | null;
  sourceAnswers: boolean | null;
  lastSeenAliveAt: string | null;
  lastReplayedAt: string | null;
  because: string;
}

export interface EnginePorts {
  journal: JournalPort;
  leases: LeasePort;
  clock: Clock;
  log: Log;
  /** Tells some worker to look at a run's lane now. Best effort: the sweep finds what is due anyway. */
  wake(runId: string, lane: Lane): void;
  /**
   * Stores when a lane is due again, in wall time; what the sweep reads. Stores nothing when the run's journal has gone
   * on since `afterSeq`: whoever appended has said when to look, and may have been the last who knew.
   */
  dueAt(runId: string, lane: Lane, at: Date | null, afterSeq: number): Promise<void>;
  render(template: string, state: RunState, extra: Record<string, Json>): Promise<string>;
  facts(state: RunState): Record<string, Json>;
  /** Slack ids of who belongs to some groups of a plan now; where that cannot be told, of those who stand in. */
  whoIs(plan: string, groups: readonly GroupView[]): Promise<string[]>;
  readLoss(plan: string, input: LossInput, signal: AbortSignal): Promise<LossReading>;
  /** Since when the watch has seen a check fail without a break; null when it does not, or is not watched. */
  failingSince(plan: string, check: string, from: string, to: string): Promise<Date | null>;
  /** Called after every change of a run's state; must not throw and not block. */
  changed(state: RunState): void;
}
