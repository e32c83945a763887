import type { Place } from './basics.ts';
import type { PersonView } from './context.ts';
import type { StepUpWay } from './flow-plan.ts';

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
  incidents: IncidentDesk;
  planTools: PlanTools;
  checklists: ChecklistDirectory;
  /** What this person may do just now; asked live. */
  abilities(): Promise<Abilities>;
  /** Puts before the system's people what its plan says to do; nothing is started. */
  propose(proposal: Proposal): Promise<'proposed' | 'open already' | { nothingToDo: string }>;
  /** How this person proves who they are before what cannot be taken back: shows, enrols, confirms. Returns what to say. */
  stepUp(words: string[]): Promise<string>;
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
  /** For an update: when the next one is due; null: none is. Absent: as the severity says. */
  nextUpdate?: Date | null;
  /** For a resolution: what was said to each point of the checklist. */
  checklist?: { item: string; answer: 'yes' | 'no' }[];
  /** Id of the incident that it belongs to; absent: the open one of the plan, or a new one. */
  incident?: string;
}

export interface Abilities {
  /** Why this person may give no orders; null when they may. */
  noOrders: string | null;
  /** Flows that they could say yes to at this hour, by plan. */
  approves: { plan: string; flows: string[] }[];
}

/** A flow that somebody or something thinks right, and why. */
export interface Proposal {
  plan: string;
  flow: string;
  scope: string;
  because: string;
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
}

/** What can be asked of a plan without starting anything: the same answers as on the command line. */
export interface PlanTools {
  names(): string[];
  /** Words behind the plan's name, such as a flow and a scope. Several lines of plain text. */
  run(tool: string, plan: string, words: string[]): Promise<string>;
}

/** What a person may tell a run to do by a command. */
export type RunOrder =
  | { deed: 'pause' | 'resume' | 'cancel' | 'abort' | 'reject' | 'withdraw'; reason: string }
  | { deed: 'retry'; step?: string; reason: string }
  | { deed: 'skip' | 'force' | 'refuse'; step: string; reason: string }
  /** A person's own work is done. */
  | { deed: 'done'; step: string; reason: string }
  /** `stepUp`: how who allows it has proven a second time who they are. */
  | { deed: 'allow'; step: string; typed: string | null; stepUp?: StepUpWay | 'signature' };

export interface RunDirectory {
  list(): Promise<{ id: string; plan: string; flow: string; scope: string; status: string; createdAt: string }[]>;
  /** Several lines for a person: where the run stands. Throws `run/not-found`. */
  describe(runId: string): Promise<string>;
  /** What a run that has assessed proposes; null when it proposes nothing. */
  proposal(runId: string): Promise<Proposal | null>;
  /** Resolves with the description when the run has ended, or as it stands after that many wall seconds. */
  result(runId: string, patienceSeconds: number): Promise<string>;
  /** Carries out a person's order; returns what to say. Throws one sentence with the rule and who may. */
  control(runId: string, order: RunOrder): Promise<string>;
}

/** What a person may do to an incident besides what a flow tells others of. */
export type IncidentOrder =
  /** `person`: a Slack user id; null: who asks. `ifFree`: not when somebody else has it. */
  | { deed: 'role'; role: string; person: string | null; ifFree?: true }
  | { deed: 'due'; inSeconds: number }
  | { deed: 'snooze'; seconds: number }
  | { deed: 'dismiss' }
  | { deed: 'task'; text: string; owner: string | null; dueSeconds: number }
  | { deed: 'task-done'; task: string }
  | { deed: 'merge'; into: string }
  | { deed: 'reopen'; reason: string }
  /** Puts a message onto the timeline. */
  | { deed: 'pin'; channel: string; ts: string };

/** What is asked for in a form. */
export type IncidentQuestion = 'update' | 'severity' | 'resolve' | 'task';

export interface IncidentDirectory {
  open(): Promise<IncidentSummary[]>;
  /** The newest, open or not. */
  recent(most: number): Promise<IncidentSummary[]>;
  /** The open incident of a Slack channel, if it has one. */
  ofChannel(channel: string): Promise<IncidentSummary | undefined>;
  /** By its id or by its channel's, whatever became of it. */
  find(idOrChannel: string): Promise<IncidentSummary | undefined>;
  /** Remembers that an incident has a message on its timeline, so that its edits are heard of. */
  notePinned(channel: string, ts: string, incident: string): Promise<void>;
  /** Incidents that have, or had, a message on their timelines. */
  pinnedIn(channel: string, ts: string): Promise<string[]>;
}

/** Incidents as a command reaches them: what is done is done by who typed it. */
export interface IncidentDesk extends IncidentDirectory {
  /** Carries a person's order out; returns what to say. Throws one sentence for the person. */
  give(incident: string, order: IncidentOrder): Promise<string>;
  /** Opens a form with these words in it; false where nothing was clicked or typed that a form could answer. */
  ask(incident: string, what: IncidentQuestion, words: string): Promise<boolean>;
  /** Several lines for a person. */
  timeline(incident: string): Promise<string>;
  /** Uploads the draft to the incident's channel; returns what to say. */
  postMortem(incident: string): Promise<string>;
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
  /** People and channels are named in it, so Slack is asked to write them as ids. */
  namesPeople?: true;
  /** What is asked when nothing is typed behind the command, or when it is reached without typing. */
  form?: CommandForm;
  run(text: string, context: CommandContext): Promise<void>;
}

/** A form in place of a typed line: what is filled in becomes the line, and that is carried out as if it were typed. */
export interface CommandForm {
  /** At most 24 characters. */
  title: string;
  /** What to ask, given what has been chosen so far. */
  fields(chosen: Readonly<Record<string, string>>, context: FormContext): FormField[];
  /** What the person would have typed behind the command. Throws with one sentence when something is missing. */
  line(values: Readonly<Record<string, string>>): string;
}

export interface FormContext {
  plans: PlanDirectory;
  /** Runs that a person may want to name, newest first. */
  runs: readonly { id: string; title: string }[];
}

export type FormField =
  | { kind: 'note'; name: string; label: string }
  | (FieldText & {
      kind: 'choice';
      options: readonly { value: string; label: string }[];
      initial?: string;
      /** What else is asked depends on it, so the form is drawn anew when it changes. */
      decides?: true;
    })
  | (FieldText & { kind: 'text'; initial?: string; placeholder?: string; most?: number; multiline?: true })
  /** A box to tick; its value is `yes`. */
  | (FieldText & { kind: 'flag'; text: string; initial?: string });

interface FieldText {
  name: string;
  label: string;
  hint?: string;
  optional?: true;
}
