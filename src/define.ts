/**
 * The words in which commands, flows, actions, checks and component kinds are written, and nothing else: only types
 * and four identity functions, so that anything may import this file without pulling in an engine or an SDK.
 */
import type { z } from 'zod';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Which queue carries a step, so that a backlog of messages never delays recovery. */
export type Lane = 'recover' | 'tell' | 'look';

/** A place of a plan's `regions:`, such as `virginia`. */
export type Place = string;

// ── What an action or check is given ────────────────────────────────────────────────────────────────────────────

export interface Clock {
  /** The time that plans speak of. Equals `wall` unless a rehearsal runs faster than life. */
  now(): Date;
  /** Protocol time: signatures, sockets, the journal's timestamps. */
  wall(): Date;
  /** World seconds per wall second; 1 outside a rehearsal. */
  readonly speed: number;
}

export interface Log {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** What a look at the world needs. */
export interface LookContext {
  clock: Clock;
  log: Log;
  /** Aborted when the step is out of time or the process stops. */
  signal: AbortSignal;
}

/** What a deed needs besides. */
export interface StepContext extends LookContext {
  runId: string;
  stepId: string;
  /** Stable over retries and crashes, unique over runs: the idempotency key of this step, `<run>/<step>`. */
  key: string;
  /**
   * Must be awaited right before each call that changes something. Throws when this worker no longer holds the run.
   * Resolves to a signal that fires before the hold can lapse: the call's deadline.
   */
  beforeChange(): Promise<AbortSignal>;
  /** Renders a template of `templates/` (name without `.liquid`) with the run's facts and `extra`. */
  render(template: string, extra?: Record<string, Json>): Promise<string>;
  /** The run's facts as templates see them; for wording that depends on the outcome. */
  facts(): Promise<Record<string, Json>>;
}

/** Where a host of a plan is really reached: `MAYDAY_HOSTS`, `MAYDAY_CA` and `MAYDAY_DNS_SERVERS` in one place. */
export interface Dialler {
  /** The address to connect to; the given host and port when nothing maps them. TLS still names the given host. */
  reach(host: string, port: number): { host: string; port: number };
  /** PEM of an authority trusted besides the usual ones. */
  readonly authority: string | undefined;
  /** `address:port` of the resolvers that DNS checks ask; empty means the machine's own. */
  readonly dnsServers: readonly string[];
}

/** What each system is made from, besides its own settings. */
export interface SystemTools {
  dialler: Dialler;
  clock: Clock;
  log: Log;
  /** A secret that a plan names by reference (`{ env: NAME }`); throws naming what is missing and what it is for. */
  secret(reference: { env: string }, purpose: string): string;
}

/** What `resolve` may ask of the plan that a step stands in. */
export interface PlanView {
  plan: string;
  title: string;
  /** The AWS account that the plan lives in; every card names it. */
  account?: string;
  places: Place[];
  region(place: Place): { aws?: string; kubernetes?: string };
  /** Throws with the nearest valid name when there is no such component, or it is of another kind. */
  component(name: string, ...kinds: string[]): ComponentView;
  person(name: string): PersonView;
  /** Text of a file beside the plan, read once when the plan was loaded. */
  file(path: string): string;
  /** Members of a plan's group or a single person, by name; live groups are marked and looked up by the system. */
  directory: Record<string, unknown>;
}

export interface ComponentView {
  name: string;
  kind: string;
  /** What this component is called in each place, as the kind's `at` schema parsed it. */
  at: Record<Place, unknown>;
  /** Where it stands: all places of the plan, or those that it names under `only`. */
  places: Place[];
  /** The component's other keys, as the kind's `settings` schema parsed them. */
  settings: Record<string, unknown>;
}

export interface PersonView {
  name: string;
  slack?: string;
  pagerduty?: string;
  email?: string;
  /** A public key as in `authorized_keys`. */
  ssh?: string;
}

// ── Actions ─────────────────────────────────────────────────────────────────────────────────────────────────────

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

// ── Checks ──────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Answer {
  answer: 'yes' | 'no' | 'unknown';
  /** One plain sentence with the figures that decided it. */
  because: string;
  /** What was read, for templates, references and reports. */
  facts?: Record<string, Json>;
}

export interface Check<W = any, I = any> {
  name: string;
  version: number;
  summary: string;
  with: z.ZodType<W>;
  resolve(written: W, plan: PlanView): I;
  input: z.ZodType<I>;
  /** Keys of `facts` that steps may refer to, by type. */
  facts: Record<string, 'string' | 'number' | 'boolean'>;
  permissions(input: I): Permission[];
  expectedSeconds: number;
  /** Must answer within its own deadline; a time-out is `unknown`, never an exception. */
  ask(input: I, context: LookContext): Promise<Answer>;
  command(input: I): string;
}

// ── Component kinds ─────────────────────────────────────────────────────────────────────────────────────────────

export interface ComponentKind<A = any, S = any> {
  /** `rds-postgresql`, as plans write it under `kind`. */
  name: string;
  summary: string;
  /** What stands under each place's name. */
  at: z.ZodType<A>;
  /** The other keys. */
  settings: z.ZodType<S>;
  /** Why what stands under a place's name cannot be so, given the other keys. */
  wrongAt?(at: A, settings: S): string | undefined;
  /** Resource ids of this component in one place, spelt as `Action.resources` does. */
  resources(component: ComponentView, place: Place, plan: PlanView): string[];
  /** Which role this place plays now; only for kinds that can tell. */
  role?(
    component: ComponentView,
    place: Place,
    plan: PlanView,
    context: LookContext,
  ): Promise<{ role: 'active' | 'standby' | 'absent' | 'unknown'; because: string }>;
  /** Several places can serve a part of it at once, so that one that serves need not serve all of it. */
  isShared?: true;
  /** The action that makes sure that this place takes no more writes; for kinds that can be promoted elsewhere. */
  fence?(component: ComponentView, place: Place, plan: PlanView): FenceDraft;
  /** What stops this component in a place for good, when it writes to others there. */
  stop?(component: ComponentView, place: Place, plan: PlanView): (FenceDraft & { name: string; title: string })[];
  /**
   * What makes one place follow another again, whose primary it was: before a failback may promote there, and
   * afterwards for the place that was left. Names, not ids: steps of one component, in their order.
   */
  resynchronise?(
    component: ComponentView,
    places: { from: Place; to: Place },
    plan: PlanView,
    stamp: string,
  ): ResynchroniseDraft[];
  /** One line for `/dr status`: what is there in this place now. */
  describe?(component: ComponentView, place: Place, plan: PlanView, context: LookContext): Promise<string>;
}

/** A step in the words of a plan, without its place in a graph. */
export interface FenceDraft {
  uses: string;
  with: Record<string, unknown>;
}

/** A step of a resynchronisation; each waits for the one before it. */
export interface ResynchroniseDraft extends FenceDraft {
  name: string;
  title: string;
  /** Present: a person does it, in these words, because no call can. */
  manual?: string;
  timeoutSeconds?: number;
}

/** One outside system: its folder under `src/systems/` exports a function that makes this from settings. */
export interface System {
  name: string;
  actions: Action[];
  checks: Check[];
  kinds: ComponentKind[];
  close(): Promise<void>;
}

// ── Graphs ──────────────────────────────────────────────────────────────────────────────────────────────────────

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

// ── Flows ───────────────────────────────────────────────────────────────────────────────────────────────────────

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
  /** Part of names that must be new: of the channel, of a restored instance. */
  stamp: string;
  /** For a failback: the move that it brings back. */
  record?: MoveRecord;
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
  /** The rule in force at a moment, or why there is none. */
  approvalRule(flow: string, at: Date): ApprovalRule;
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
}

/** A name under `all-of`: a pinned person, a list of people, or a group that is looked up live. */
export interface GroupView {
  name: string;
  people: PersonView[];
  /** Where the live answer comes from; absent for pinned people. */
  live: { pagerdutySchedule: string } | { slackGroup: string } | null;
  /** Who may, signed on the command line, while the live source is down. */
  offline: PersonView[];
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

// ── Commands ────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Caller {
  team: string;
  user: string;
  name: string;
  channel: string;
}

export interface CommandContext {
  caller: Caller;
  /** World time when the command was received. */
  receivedAt: Date;
  /** Ephemeral answer to the person who typed. */
  reply(text: string): Promise<void>;
  /**
   * Starts a flow by name; resolves when the run is durable. `undefined` when there is nothing to do: then `reply`
   * has been given the proof. Throws with one sentence for the person when it cannot be started.
   */
  start(request: StartFlow): Promise<StartedRun | undefined>;
  plans: PlanDirectory;
  runs: RunDirectory;
  incidents: IncidentDirectory;
  planTools: PlanTools;
  checklists: ChecklistDirectory;
  /** All commands, for help. */
  commands: readonly Command[];
}

export interface StartFlow {
  flow: string;
  /** None for an incident that belongs to no plan. */
  plan: string | undefined;
  scope?: string;
  to?: string;
  time?: Date;
  text?: string;
  reason: string;
  severity?: string;
  breakGlass?: { operators: PersonView[] };
  /** Although the plan's cool-down has not passed. */
  anyway?: boolean;
  /** Id of the incident that it belongs to; absent: the open one of the plan, or a new one. */
  incident?: string;
}

export interface StartedRun {
  runId: string;
  incident: string;
  isNew: boolean;
}

export interface PlanDirectory {
  names(): string[];
  /** Throws `plan/unknown` with the nearest valid name. */
  find(name: string): {
    name: string;
    title: string;
    places: Place[];
    scopes(flow: string): string[];
    situations: string[];
  };
}

/** The plan's checklists, ticked from a run's facts. */
export interface ChecklistDirectory {
  /** Several lines for a person. */
  show(runId: string): Promise<string>;
  /** Ticks by hand what no fact can tick. Throws one sentence when it is not for hands. */
  tick(runId: string, list: string, number: number, by: { person: string; name: string }): Promise<string>;
  lists(plan: string): string[];
}

/** What can be asked of a plan without starting anything: the same answers as on the command line. */
export interface PlanTools {
  names(): string[];
  /** Words behind the plan's name, such as a flow and a scope. Several lines of plain text. */
  run(tool: string, plan: string, words: string[]): Promise<string>;
}

/** What a person may tell a run to do by a command. */
export type RunOrder =
  | { deed: 'pause' | 'resume' | 'cancel' | 'abort'; reason: string }
  | { deed: 'retry'; step?: string; reason: string }
  | { deed: 'skip' | 'force' | 'refuse'; step: string; reason: string }
  /** A person's own work is done. */
  | { deed: 'done'; step: string; reason: string }
  | { deed: 'allow'; step: string; typed: string | null };

export interface RunDirectory {
  list(): Promise<{ id: string; plan: string; flow: string; scope: string; status: string; createdAt: string }[]>;
  /** Several lines for a person: where the run stands. Throws `run/not-found`. */
  describe(runId: string): Promise<string>;
  /** Resolves with the description when the run has ended, or as it stands after that many wall seconds. */
  result(runId: string, patienceSeconds: number): Promise<string>;
  /** Carries out a person's order; returns what to say. Throws one sentence with the rule and who may. */
  control(runId: string, order: RunOrder): Promise<string>;
}

export interface IncidentDirectory {
  open(): Promise<IncidentSummary[]>;
  /** The open incident of a Slack channel, if it has one. */
  ofChannel(channel: string): Promise<IncidentSummary | undefined>;
}

export interface IncidentSummary {
  id: string;
  plan: string | null;
  title: string;
  severity: string;
  status: string;
  channel: string | null;
  declaredAt: string;
}

export interface Command {
  /** With the slash. */
  name: string;
  summary: string;
  /** Shown by Slack behind the name. */
  usage: string;
  examples: string[];
  effect: 'read' | 'write' | 'destructive';
  run(text: string, context: CommandContext): Promise<void>;
}

/** Id of the step that a flow adds to measure, after a promote, what a component really lost. */
export const measureStepId = (component: string): string => `measure-loss-of-${component}`;

/** Id of the step that a flow adds to find out, while people decide, whether what is to be fenced answers. */
export const probeStepId = (component: string): string => `probe-${component}`;

export const fenceStepId = (component: string): string => `fence-${component}`;

/** Name under which an incident keeps where a component's old primary was never fenced, and the run that left it so. */
export const unfencedFact = (component: string): string => `unfenced:${component}`;

/** `<place> <run>`; '' when it was fenced. */
export const sayUnfenced = (place: Place, runId: string): string => `${place} ${runId}`;
export const readUnfenced = (fact: string): { place: Place; runId: string } => {
  const [place = '', runId = ''] = fact.split(' ');
  return { place, runId };
};

export const defineAction = <W, I, O>(action: Action<W, I, O>): Action<W, I, O> => action;
export const defineCheck = <W, I>(check: Check<W, I>): Check<W, I> => check;
export const defineKind = <A, S>(kind: ComponentKind<A, S>): ComponentKind<A, S> => kind;
export const defineFlow = (flow: Flow): Flow => flow;
export const defineCommand = (command: Command): Command => command;
