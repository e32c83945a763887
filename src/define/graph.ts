import type { Json } from './basics.ts';
import type { LossInput } from './flow-plan.ts';

export type Phase = 'declare' | 'decide' | 'approve' | 'fence' | 'execute' | 'verify' | 'report' | 'unwind';

/** A step as a flow writes it, before targets are resolved. */
export interface StepDraft {
  id: string;
  title?: string;
  phase: Phase;
  /** An action's or check's name, or one of the engine's own waits. */
  uses: string;
  with?: Record<string, unknown>;
  needs?: string[];
  after?: string[];
  /** Over arguments only, decided when the graph is built: the values with which the step is part of it. */
  when?: Partial<Record<'scope' | 'from' | 'to', string[]>>;
  /** Checks read just before acting: no or unknown → blocked. */
  require?: RequirementDraft[];
  /** A check that, answered yes, makes the step done without acting. */
  unless?: RequirementDraft;
  /** Watched and reported, in world seconds. */
  withinSeconds?: number;
  /** A limit, in world seconds. */
  timeoutSeconds?: number;
  /** Starts only when the run is halted and waits for a human. */
  onHalt?: boolean;
  /** Kept in the incident under this name once the step has succeeded: which field of the output. */
  record?: { name: string; from: string };
  /** Its failure is told but halts nothing. Default for notices. */
  optional?: boolean;
  /** Starts only when not all of its `after` steps succeeded; otherwise it is skipped. */
  onFailure?: boolean;
  /** For checks: whatever the answer is, it is recorded, and the step has succeeded. */
  informative?: boolean;
  /** For fences: what is done when what is to be fenced does not answer. */
  whenUnreachable?: WhenUnreachable;
  /** The plan's phase whose target its time counts for. */
  stage?: string;
  /** The plan whose names it speaks, when it is another than the run's own. */
  plan?: string;
  /** Brings back what a step of an earlier run found before it changed it. */
  takesBack?: TakesBack;
  /** When the run is ended early it is taken back, whatever else stays, unless this step has succeeded. */
  goodOnce?: string;
  /** The block that it comes from, and where it stands there. */
  block?: { name: string; path: (string | number)[] };
  /** Where in the plan file it stands, so that a fault in it can be named by line. */
  source?: (string | number)[];
}

/** A change of an earlier run, as its journal has it. */
export interface TakesBack {
  run: string;
  step: string;
  version: number;
  input: Json;
  before: Json;
}

export interface RequirementDraft {
  uses: string;
  with: Record<string, unknown>;
}

/** When a run takes back what it did: a step has failed for good, or a person has aborted it. */
export type Unwind = 'failed' | 'aborted';

/** What a plan says of an old primary that cannot be reached to be fenced. */
export type WhenUnreachable =
  /** A second approver types ACCEPT DATA LOSS. */
  | { rule: 'ask' }
  /** Goes on by itself while at most so much can be lost; approving the card is the acceptance. */
  | { rule: 'accept-up-to'; seconds: number; loss: LossInput; probe?: string }
  /** Waits until it answers, for as long as that takes. */
  | { rule: 'wait' };

export interface GraphDraft {
  steps: StepDraft[];
  /** Absent: a person decides what stays. */
  unwind?: Unwind[];
  /** Only these are taken back when the run unwinds; absent: all that can be. */
  takenBack?: string[];
  /** Components whose resources the run holds for its life. */
  claims: string[];
}
