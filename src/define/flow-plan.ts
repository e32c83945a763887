import type { Json, Place } from './basics.ts';
import type { FenceDraft, ResynchroniseDraft } from './component-kind.ts';
import type { LookContext, PersonView, PlanView } from './context.ts';
import type { Phase, RequirementDraft, StepDraft, Unwind, WhenUnreachable } from './graph.ts';

/** What a flow may ask of a plan: `PlanView` plus procedures and what was observed for this run. */
export interface FlowPlan extends PlanView {
  prefer: Place[];
  /** The name by which the plan knows a person that it gave. */
  personKey(person: PersonView): string;
  /** Which role a component plays in a place now; undefined when its kind cannot tell. */
  roleOf(
    component: string,
    place: Place,
    context: LookContext,
  ): Promise<{ role: 'active' | 'standby' | 'absent' | 'unknown'; because: string } | undefined>;
  /** Whether several places can serve a part of a component at once. */
  isShared(component: string): boolean;
  /** Names of all components. */
  components: string[];
  scopes(flow: string): string[];
  /** Objectives of the plan, in seconds. */
  objectives: { rtoSeconds: number; rpoSeconds: number };
  owner: string;
  /** The steps of a procedure, `include` expanded, ids kept, `{{ from }}`/`{{ to }}` filled in. */
  procedure(flow: string, scope: string, values: Record<string, string>, phase: Phase): StepDraft[];
  /** When a run of this procedure takes back what it did. */
  unwindOf(flow: string, scope: string): Unwind[];
  /** Time target of a procedure in seconds, if it has one. */
  targetOf(flow: string, scope: string): number | undefined;
  /** What a run is measured against: the procedure's own targets, those of the severity's level, or the plan's. */
  targetsFor(flow: string, scope: string, severity: string): { rtoSeconds: number; rpoSeconds: number };
  /** How bad it is that this must be done, when nobody says otherwise. */
  severityOf(flow: string, scope: string): string | undefined;
  /** The procedure is done where its scope runs, and moves nothing. */
  isInPlace(flow: string, scope: string): boolean;
  /** Places in which every component of a scope stands. */
  placesOf(scope: string): Place[];
  /** The plan's own phases, in their order. */
  stages: StageView[];
  /** How much each group of components matters. */
  tiers: TierView[];
  /** All checks of the plan, as steps that only look. */
  checkSteps(values: Record<string, string>): StepDraft[];
  /** The decision matrix for these places. */
  matrix(values: Record<string, string>): MatrixRow[];
  failback: FailbackView;
  /** Checks by name, to be asked while something is watched. */
  requirements(names: readonly string[], values: Record<string, string>): RequirementDraft[];
  /** How a place follows another one again; a person does it when the component's kind cannot. */
  resynchronise(component: string, places: { from: Place; to: Place }, stamp: string): ResynchroniseDraft[];
  /** Resource ids of a component in a place, as the record of a run spells them. */
  resourcesOf(component: string, place: Place): string[];
  /** After such an action there are two that take writes, unless the old one was fenced. */
  makesWriter(uses: string): boolean;
  /** What such an action changed cannot be taken back by Mayday. */
  isOneWay(uses: string): boolean;
  /** The key of `with` by which an action is moved little by little. */
  gradualKey(uses: string): string | undefined;
  /** The plan's triage checks, as steps. */
  triage(values: Record<string, string>): StepDraft[];
  hasProcedure(flow: string, scope: string): boolean;
  hasScope(scope: string): boolean;
  /** Components that a scope covers. */
  componentsOf(scope: string): string[];
  /** The rule in force at a moment for such a run; throws when there is none. */
  approvalRule(flow: string, at: Date, asked?: { scope?: string }): ApprovalRule;
  /** How grave the plan calls it; by this its rules are chosen. */
  gravenessOf(flow: string, scope: string): string;
  /** Every rule of a flow, whenever and for whatever it holds. */
  approvalRules(flow: string): ApprovalRule[];
  /** Components whose loss a promote would bring, with the checks that tell it. */
  lossOf(flow: string, scope: string, values: Record<string, string>): LossInput[];
  /** What must be fenced in a place before something else of the scope is promoted. */
  fences(flow: string, scope: string, values: Record<string, string>): FenceView[];
  /** Components that a run of it holds, those of included plans as `plan/component`. */
  claimsOf(flow: string, scope: string): string[];
  /** The fence of one component in a place; none when its kind cannot be fenced or the plan does not say so. */
  fencesOf(component: string, place: Place): (FenceDraft & { component: string })[];
  /** What stops everything that writes to the plan's databases from a place. */
  writers(place: Place): (FenceDraft & { component: string; name: string; title: string })[];
  stakeholders: StakeholderView[];
  /** Those who work on an incident: everybody who may approve, and stakeholders who are told in Slack. */
  responders: PersonView[];
  announce: AnnounceView;
  /** Facts of the incident this run belongs to: channel, PagerDuty incident, status page incident … */
  incident: Record<string, string>;
}

export interface StageView {
  name: string;
  title: string;
  targetSeconds: number;
}

export interface TierView {
  name: string;
  title: string;
  rtoSeconds: number;
  rpoSeconds: number;
  components: string[];
}

/** A row of the decision matrix. Steps are ids of the plan's checks among the steps of the flow that assesses. */
export interface MatrixRow {
  title: string;
  failing: string[];
  holding: string[];
  situation: string | null;
  failsForSeconds: number;
  severity: string | null;
  propose: { flow: string; scope: string } | null;
  waitFor: string[];
  nothing: string | null;
  refuse: string | null;
}

export interface FailbackView {
  weights: number[];
  soakSeconds: number;
  healthy: string[];
}

/** Who must say yes, resolved from the plan for one moment. */
export interface ApprovalRule {
  /** The hours under which it stands in the plan, such as `otherwise`; every refusal names it. */
  name: string;
  /** Each slot needs its own person. */
  slots: GroupView[];
  /** Alternatives, each with the indexes of its slots; any of them will do. Absent: all slots are needed. */
  ways?: number[][];
  requesterCounts: boolean;
  /** A word that an approver must type. */
  typedWord: string | null;
  expiresSeconds: number;
  /** Who is told afterwards, and by when. */
  tell: { group: GroupView; withinSeconds: number }[];
  /** Who may stop the run besides those who may approve it. Absent in graphs of before there were any. */
  mayAbort?: GroupView[];
  /** Who is asked next, one after the other, while an answer is missing. */
  escalate?: GroupView[];
  /** How an approver proves a second time who they are, when something of the run can never be taken back. */
  stepUp?: StepUpWay[];
}

/** A code of an authenticator app, or a link that is mailed. */
export type StepUpWay = 'totp' | 'link';

/** Where it is asked who belongs to a group at this moment. */
export type LiveSource =
  | { pagerdutySchedule: string }
  /** `level`: of the escalation policy; null: any. */
  | { pagerdutyPolicy: string; level: number | null }
  | { slackGroup: string };

/** Who fills a slot: a pinned person, a list of people, a group that is looked up live, or any of several of these. */
export interface GroupView {
  name: string;
  people: PersonView[];
  /** Where the live answer comes from; absent for pinned people. */
  live: LiveSource | null;
  /** Who may, signed on the command line, while the live source is down. */
  offline: PersonView[];
  /** Members of any of these will do; `people` and `offline` are theirs together. */
  anyOf?: GroupView[];
}

/** What is asked to know how much a promote would lose. */
export interface LossInput {
  component: string;
  /** The plan that watches it, when it is another than the run's. */
  plan?: string;
  from: Place;
  to: Place;
  /** The watch's record of this check says when the source was last seen alive. */
  aliveCheck: string;
  /** Asked at the standby: fact `newest` is the last commit that it has. */
  replayed: { uses: string; input: Json };
  /** The same check as the plan writes it, for measuring afterwards what was really lost. */
  written: Record<string, unknown>;
  /** Its other place gets everything before it takes over: what that place has before then says nothing of a loss. */
  caughtUp?: boolean;
}

export interface FenceView extends FenceDraft {
  component: string;
  /** The plan whose component it is, when it is another than the run's. */
  plan?: string;
  whenUnreachable: WhenUnreachable;
}

export interface StakeholderView {
  name: string;
  title: string;
  /** The person's name in the plan, by which actions look them up. */
  personKey: string;
  person: PersonView;
  by: ('slack' | 'email' | 'phone' | 'pagerduty')[];
  withinSeconds: number;
  /** Told only when it is as bad as one of these; absent: always. */
  severities?: string[];
}

export interface AnnounceView {
  statusPage?: {
    name: string;
    impact: 'none' | 'minor' | 'major' | 'critical';
    components: Record<string, string>;
    for?: string[];
  };
  /** Whose name mails carry, and the address of leadership. Without it nobody is mailed. */
  mail?: { from: string; leadership?: string; leadershipSeverities?: string[] };
  channels: { name: string; severities?: string[] }[];
  pagerduty?: { service: string; escalationPolicy?: string };
}
