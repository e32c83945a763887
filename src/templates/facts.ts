/** What a run is at the moment when a message is written. */
export type Outcome = 'running' | 'succeeded' | 'failed' | 'aborted' | 'expired' | 'rejected' | 'halted';

export interface StepFacts {
  id: string;
  title: string;
  /** As the journal names it: `waiting`, `running`, `succeeded`, `failed`, `skipped` … */
  state: string;
  seconds: number | null;
  message: string | null;
}

/**
 * Everything that a template may speak of. All keys are always there and null means not known, so that a name that is
 * not here is a mistake in the template and never a matter of when it is rendered. Times are ISO 8601, world time.
 */
/** A phase of the plan against its target. */
export interface StageFacts {
  title: string;
  targetSeconds: number;
  /** Null while it has not ended. */
  seconds: number | null;
  met: boolean | null;
}

/** What a run owes to a group of components, and whether it kept it. */
export interface TierFacts {
  title: string;
  rtoSeconds: number;
  rpoSeconds: number;
  rtoMet: boolean | null;
  rpoMet: boolean | null;
}

export interface RunFacts {
  plan: string;
  title: string;
  account: string | null;
  flow: string;
  scope: string;
  from: string | null;
  to: string | null;
  run: string;
  incident: string | null;
  severity: string | null;
  requester: string;
  reason: string | null;
  requestedAt: string;
  /** When this message is written. */
  now: string;
  outcome: Outcome;
  phases: { name: string; seconds: number }[];
  stages: StageFacts[];
  tiers: TierFacts[];
  /** Steps that took longer than the plan wants. */
  late: { title: string; seconds: number; withinSeconds: number }[];
  steps: StepFacts[];
  failedStep: StepFacts | null;
  touched: string[];
  notTouched: string[];
  rtoSeconds: number | null;
  rtoTargetSeconds: number | null;
  rpoSeconds: number | null;
  rpoTargetSeconds: number | null;
  expectedLossSeconds: number | null;
  approvers: string[];
  /** The status page's incident, for people. */
  statusUrl: string | null;
  /** The incident's Slack channel, by name. */
  channel: string | null;
  stakeholder: { title: string; name: string } | null;
  /** One sentence that the step adds: what an update is about. */
  note: string | null;
  nextUpdateMinutes: number | null;
  /** What it was, when an update makes it another. */
  severityBefore: string | null;
  /** Of whom a message is for: commander, operations, communications or scribe. */
  role: string | null;
  /** Slack ids of those who must act: `{{ id | mention }}`. */
  mentions: string[];
  /** An address that only the reader of the message may open. */
  link: string | null;
}

/** Facts with nothing known; the caller fills in what it knows. */
export const emptyFacts: RunFacts = {
  plan: '',
  title: '',
  account: null,
  flow: '',
  scope: '',
  from: null,
  to: null,
  run: '',
  incident: null,
  severity: null,
  requester: '',
  reason: null,
  requestedAt: '1970-01-01T00:00:00.000Z',
  now: '1970-01-01T00:00:00.000Z',
  outcome: 'running',
  phases: [],
  stages: [],
  tiers: [],
  late: [],
  steps: [],
  failedStep: null,
  touched: [],
  notTouched: [],
  rtoSeconds: null,
  rtoTargetSeconds: null,
  rpoSeconds: null,
  rpoTargetSeconds: null,
  expectedLossSeconds: null,
  approvers: [],
  statusUrl: null,
  channel: null,
  stakeholder: null,
  note: null,
  nextUpdateMinutes: null,
  severityBefore: null,
  role: null,
  mentions: [],
  link: null,
};

const failedStep: StepFacts = {
  id: 'promote',
  title: 'Promote the replica',
  state: 'failed',
  seconds: 312,
  message: 'The instance did not become available.',
};

/** A run with every fact known: what templates are linted and previewed with. */
export const sampleFacts: RunFacts = {
  plan: 'shop',
  title: 'Shop production',
  account: '123456789012',
  flow: 'failover',
  scope: 'database',
  from: 'east',
  to: 'west',
  run: 'run-20260102-1',
  incident: 'inc-20260102-1',
  severity: 'SEV1',
  requester: 'Pip Seed',
  reason: 'The primary has not answered for six minutes <since 14:00> & counting',
  requestedAt: '2026-01-02T14:05:00.000Z',
  now: '2026-01-02T14:17:30.000Z',
  outcome: 'succeeded',
  phases: [
    { name: 'decide', seconds: 95 },
    { name: 'execute', seconds: 640 },
  ],
  stages: [{ title: 'DNS cutover', targetSeconds: 60, seconds: 41, met: true }],
  tiers: [{ title: 'Tier 1', rtoSeconds: 900, rpoSeconds: 10, rtoMet: true, rpoMet: true }],
  late: [{ title: 'Promote the replica', seconds: 401, withinSeconds: 300 }],
  steps: [
    { id: 'promote', title: 'Promote the replica', state: 'succeeded', seconds: 401, message: null },
    { id: 'repoint', title: 'Point the application at it', state: 'succeeded', seconds: 9, message: 'patched' },
  ],
  failedStep,
  touched: ['rds:us-west-2:shop-replica'],
  notTouched: ['route53:Z1:shop.example'],
  rtoSeconds: 750,
  rtoTargetSeconds: 900,
  rpoSeconds: 4,
  rpoTargetSeconds: 3600,
  expectedLossSeconds: 6,
  approvers: ['Rose Field', 'Basil Grove'],
  statusUrl: 'https://status.example/incidents/1',
  channel: 'inc-20260102-1',
  stakeholder: { title: 'CTO', name: 'Juniper Hill' },
  note: 'The database has been promoted.',
  nextUpdateMinutes: 30,
  severityBefore: 'SEV2',
  role: 'commander',
  mentions: ['U0PIPSEED', 'U0ROSEFLD'],
  link: 'https://mayday.example/approve/abc.def',
};
