import type { z } from 'zod';
import type { Json } from './basics.ts';
import type { LookContext, PlanView, StepContext } from './context.ts';

/** What an action saw when it looked. `seen` is one plain sentence for the card and the journal. */
export type Observation<O> =
  /** The wanted state holds. */
  | { state: 'done'; seen: string; output: O }
  /** It does not hold, nothing is under way, and acting is allowed. */
  | { state: 'todo'; seen: string }
  /** A change was accepted and is under way: look again, do not act. */
  | { state: 'changing'; seen: string; lookAgainSeconds?: number }
  /** Acting would be wrong or refused; a human decides. */
  | { state: 'impossible'; seen: string }
  /** What would have to be asked does not answer. Only fences say this; the plan says what then. */
  | { state: 'unreachable'; seen: string };

/** One line of a card or dry run: what a resource is now and what it would become. */
export interface ResourceChange {
  resource: string;
  account?: string;
  region?: string;
  now: string;
  then: string;
}

export interface Permission {
  system:
    | 'iam'
    | 'rbac'
    | 'slack'
    | 'pagerduty'
    | 'statuspage'
    | 'cloudflare'
    | 'sql'
    | 'patroni'
    | 'redis'
    | 'clickhouse'
    | 'nats'
    | 'http';
  /** `rds:PromoteReadReplica`, or `patch deployments/scale`. */
  action: string;
  resource: string;
}

/** Why a change stays once it is made, and what a person could do about it. */
export interface Irreversible {
  no: string;
}

/**
 * How a change is taken back. Each call must be safe when the act never happened, when it happened twice, and when
 * somebody else has changed the thing since: then `observe` says `impossible` rather than overwrite their work.
 */
export interface Undo<I = any> {
  /** In a few words, for the card: "scale back to what it was". */
  undo: string;
  /** What must be known to take it back; read right before the act and journalled with its intent, so never a secret. */
  before(input: I, context: StepContext): Promise<Json>;
  /** `done` when the world is as it was before; its output is not kept. */
  observe(input: I, before: Json, context: StepContext): Promise<Observation<unknown>>;
  act(input: I, before: Json, context: StepContext): Promise<{ seen?: string } | undefined>;
  /** API operations besides those of the act. */
  changes?: readonly string[];
  permissions?(input: I): Permission[];
}

export interface Action<W = any, I = any, O = any> {
  /** `folder/verb-object`, as plans write it under `uses`. */
  name: string;
  /** Raised when input, output or meaning change; a run frozen with another version stops as "needs a human". */
  version: number;
  summary: string;
  effect: 'change' | 'notice' | 'read';
  /** What a plan or flow writes under `with`. */
  with: z.ZodType<W>;
  /** Turns component and place names into concrete targets. Throws an Error whose message names what was expected. */
  resolve(written: W, plan: PlanView): I;
  /** Concrete targets and values; frozen in the run's graph. */
  input: z.ZodType<I>;
  /** Keys of the input that identify a target: references to other steps' outputs are not allowed there. */
  targets: readonly string[];
  output: z.ZodType<O>;
  /**
   * Ids of what it changes, as claims, cards and the world's records spell them: `rds:<region>:<instance>`,
   * `elasticache:<region>:<group>`, `route53:<zone>:<record name>`, `cloudflare:<zone>:<record name>`, `s3:<bucket>`,
   * `kubernetes:<cluster>:<namespace>/<kind>/<name>` (kind in lower-case singular). Empty for reads.
   */
  resources(input: I): string[];
  /** The API operations that may change something, spelt `rds:PromoteReadReplica`; empty for reads. */
  changes: readonly string[];
  permissions(input: I): Permission[];
  /** World seconds that it normally takes, and after which it counts as failed unless the plan says otherwise. */
  expectedSeconds: number;
  longestSeconds: number;
  /** See DESIGN: deduplicated by the service, readable in the world, or neither. */
  repeat: 'by-key' | 'by-look' | 'once';
  reversible: Undo<I> | Irreversible;
  /** After it there are two that take writes unless the old one was fenced: a plan without a fence is refused. */
  makesWriter?: true;
  /** It speaks to customers: only the flow itself may use it, which keeps silent in a drill. */
  isPublic?: true;
  /** The key of `with` that says how many of a hundred it moves, for what can be moved little by little. */
  gradual?: string;
  observe(input: I, context: StepContext): Promise<Observation<O>>;
  /** May return the output at once when the service's answer is the proof (`by-key`, `once`). */
  act(input: I, context: StepContext): Promise<{ output?: O; seen?: string } | undefined>;
  preview(input: I, context: LookContext): Promise<ResourceChange[]>;
  /** The same as one `aws`, `kubectl` or `curl` line. */
  command(input: I): string;
}
