import type { Json, Place } from './basics.ts';
import type { PersonView } from './context.ts';
import type { FlowPlan } from './flow-plan.ts';
import type { GraphDraft, Phase } from './graph.ts';

/** What was asked for, with everything observed and looked up that the graph depends on. */
export interface FlowRequest {
  scope: string;
  /** Where it runs now and where it shall run; set as the flow's `locate` says. */
  from: Place | null;
  to: Place | null;
  /** ISO 8601, for restores. */
  time: string | null;
  /** Free words of the person, for updates and resolutions. */
  text: string;
  reason: string;
  requester: { slack: string; name: string };
  severity: string;
  /** When the command was received, world time, ISO 8601. */
  requestedAt: string;
  /** The two operators of a break-glass run, which asks them and nobody else for approval. */
  breakGlass?: { operators: PersonView[] };
  /** Asked for although the cool-down had not passed. */
  anyway?: true;
  /** Part of names that must be new: of the channel, of a restored instance. */
  stamp: string;
  /** For a failback: the move that it brings back. */
  record?: MoveRecord;
  /** What the channel of a new incident is called, with `{date}`, `{plan}`, `{severity}` and `{stamp}` in it. */
  channelPattern?: string;
  /** Where every incident has its headline; what is declared is not said there a second time. */
  digestChannel?: string;
  /** Slack ids of who is on call for the plan now, as far as anybody could say. */
  onCall?: string[];
  /** What it was before, when an update changes the severity. */
  severityBefore?: string;
  /** Minutes until the next update is due; null: none is. */
  nextUpdateMinutes?: number | null;
}

/** What an earlier run moved, read from its journal. */
export interface MoveRecord {
  run: string;
  flow: string;
  scope: string;
  from: Place;
  to: Place;
  /** In the order in which the steps ended. */
  changed: RecordedChange[];
}

export interface RecordedChange {
  step: string;
  title: string;
  phase: Phase;
  uses: string;
  version: number;
  input: Json;
  /** What was there before; null when nobody read it. */
  before: Json;
  output: Json;
  resources: string[];
  /** Why it cannot be taken back; null when it can. */
  stays: string | null;
}

export interface Flow {
  name: string;
  summary: string;
  whenToUse: string;
  canBreak: string;
  /** Name of the rule under the plan's `approvals`, or none for flows that change nothing. */
  approval: string | undefined;
  readOnly: boolean;
  /**
   * `target`: away from where it runs, to the preferred place or the one that was typed. `active`: where it runs now.
   * `named`: the place that is named, and nothing is observed. `record`: back to where the last move came from.
   * `home`: from the first place of the plan to the second, and nothing is observed. `none`: places do not matter. A procedure that the plan calls `in-place` runs where its scope is, whatever this says.
   */
  locate: 'target' | 'active' | 'named' | 'record' | 'home' | 'none';
  build(plan: FlowPlan, request: FlowRequest): GraphDraft;
}
