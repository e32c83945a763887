import type { Json, Unwind } from '../define.ts';
import type { Graph } from '../plan/graph.ts';
import type { LossBound, MeasuredLoss } from './bounds.ts';

/** Everything that can happen to a run. The journal holds these; the state of a run is what they add up to. */
export type RunEvent =
  | { type: 'run.created'; data: RunCreated }
  /** A worker begins to look at a step; each is one try. */
  | { type: 'step.started'; data: { step: string } }
  /** The intent, made durable before the call that changes something. */
  /** `before` is what an undo must know, read right before the act. */
  | { type: 'step.acting'; data: { step: string; seen: string; facts?: Json; before?: Json } }
  /** Put back to be begun later, because the run was paused before it had acted. */
  | { type: 'step.held'; data: { step: string; seen: string } }
  | { type: 'step.waiting'; data: StepWaiting }
  | { type: 'step.succeeded'; data: { step: string; seen: string; changed: boolean; output: Json } }
  | { type: 'step.failed'; data: { step: string; message: string; code: string; effect: 'not-made' | 'maybe-made' } }
  /** A requirement was not met just before acting: a human decides. */
  | { type: 'step.blocked'; data: { step: string; message: string } }
  | { type: 'step.skipped'; data: { step: string; why: string } }
  | { type: 'step.retried'; data: { step: string; reason: string } }
  /** Somebody asks to leave a step out, or to go on although what it requires does not hold. Another must allow it. */
  | { type: 'waiver.asked'; data: { step: string; deed: Waiver; person: string; name: string; reason: string } }
  | { type: 'waiver.granted'; data: { step: string; person: string; name: string; via: Via } }
  | { type: 'waiver.refused'; data: { step: string; person: string; name: string; reason: string } }
  /** `hash` covers the graph, until when it is asked, and the bounds; what was measured stands beside it. */
  | {
      type: 'approval.requested';
      data: { step: string; expiresAt: string; hash: string; bounds?: LossBound[]; measured?: MeasuredLoss[] };
    }
  | {
      type: 'approval.given';
      data: {
        step: string;
        person: string;
        name: string;
        slots: number[];
        hash: string;
        typed: string | null;
        via: Via;
        /** The order as it was signed, where no database could keep it. */
        proof?: { text: string; signature: string };
        /** How the person proved a second time who they are. */
        stepUp?: string;
        /** What would have been lost at that moment. */
        measured?: MeasuredLoss[];
      };
    }
  /** A yes taken back before anything that it guards had begun. */
  | { type: 'approval.withdrawn'; data: { step: string; person: string; name: string; reason: string } }
  | { type: 'approval.rejected'; data: { step: string; person: string; reason: string } }
  | { type: 'approval.expired'; data: { step: string } }
  /** The plan was edited between the card and the last approval, or a bound was broken. */
  | { type: 'approval.voided'; data: { step: string; why: string } }
  /** A card was posted, or could not be: that it was shown, not each time that it was drawn anew. */
  | { type: 'view.made'; data: { kind: string; channel: string; ts: string } }
  | { type: 'view.given-up'; data: { kind: string; why: string } }
  /** A person ticked what no fact can tick: `<list>/<number>`. */
  | { type: 'checklist.ticked'; data: { item: string; person: string; name: string } }
  | { type: 'run.halted'; data: { steps: string[] } }
  | { type: 'run.paused'; data: { person: string; reason: string } }
  | { type: 'run.resumed'; data: { person: string; reason: string } }
  | { type: 'run.aborted'; data: { person: string; reason: string } }
  /** From here on what was done is taken back, as the plan says. */
  | { type: 'run.unwinding'; data: { why: Unwind } }
  | { type: 'run.finished'; data: { outcome: Outcome } };

/** How a person gave an order. */
export type Via = 'slack' | 'command-line';

export type Waiver = 'skip' | 'force';

export type Outcome = 'succeeded' | 'failed' | 'aborted' | 'cancelled' | 'rejected' | 'expired' | 'voided';

export interface RunCreated {
  run: string;
  incident: string;
  graph: Graph;
  requester: { person: string; name: string; team: string };
  reason: string;
  severity: string;
  /** World time when the command was received. */
  requestedAt: string;
  /** World time when what must be recovered was last seen alive; null when never, or when nothing is down. */
  lastSeenAliveAt: string | null;
}

export interface StepWaiting {
  step: string;
  seen: string;
  /** World time of the next look. */
  lookAt: string;
  /** Present after an act: whether the service said that it accepted the change. */
  accepted?: boolean;
  /** False after an act that was certainly not taken, such as a throttled one: its intent counts no more. */
  sent?: false;
  /** A passing fault, counted against the tries that a step has. */
  error?: string;
}

/** Version of each event's data. A run with a newer one than this is not touched: it needs a human. */
export const eventVersion = 1;

/** An event with where and when it stands in the journal. Times are the world's. */
export type RecordedEvent = RunEvent & { seq: number; at: string; actor: string };
