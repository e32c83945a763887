import type { Json } from './define.ts';
import type { RunState } from './engine/state.ts';
import { summarise } from './engine/summary.ts';
import type { RunFacts, StepFacts } from './templates/facts.ts';

/** A run as the templates see it. */
export const runFacts = (state: RunState, now: Date): RunFacts => {
  const { created } = state;
  const { graph } = created;
  const summary = summarise(state);
  const stepFacts = graph.steps
    .filter((step) => step.effect !== 'notice' && (step.undoes === undefined || state.unwinding !== null))
    .map((step): StepFacts => {
      const current = state.steps[step.id]!;
      const seconds =
        current.startedAt && current.endedAt
          ? (Date.parse(current.endedAt) - Date.parse(current.startedAt)) / 1000
          : null;
      return {
        id: step.id,
        title: step.title,
        state: current.state,
        seconds,
        message: current.message || current.seen || null,
      };
    });
  const stopped = summary.stopped[0];
  const outputOf = (uses: string, field: string): string | null => {
    const step = graph.steps.find((candidate) => candidate.uses === uses);
    const value = step && (state.steps[step.id]!.output as Record<string, Json> | null)?.[field];
    return typeof value === 'string' ? value : null;
  };
  return {
    plan: graph.plan,
    title: graph.title,
    account: graph.account,
    flow: graph.flow,
    scope: graph.scope,
    from: graph.from && (graph.regions[graph.from] ?? graph.from),
    to: graph.to && (graph.regions[graph.to] ?? graph.to),
    run: created.run,
    incident: created.incident,
    severity: created.severity,
    requester: created.requester.name,
    reason: created.reason,
    requestedAt: created.requestedAt,
    now: now.toISOString(),
    outcome: outcomes[summary.standing],
    phases: summary.phases.flatMap(({ name, seconds }) => (seconds === null ? [] : [{ name, seconds }])),
    stages: summary.stages.map(({ title, targetSeconds, seconds }) => ({
      title,
      targetSeconds,
      seconds,
      met: seconds === null ? null : seconds <= targetSeconds,
    })),
    tiers: summary.tiers,
    late: summary.late.map(({ title, seconds, withinSeconds }) => ({ title, seconds, withinSeconds })),
    steps: stepFacts,
    failedStep: stopped
      ? {
          id: stopped.id,
          title: stopped.title,
          state: stopped.current.state,
          seconds: null,
          message: stopped.current.message,
        }
      : null,
    touched: [...summary.touched, ...summary.maybeTouched.map((resource) => `${resource} (perhaps)`)],
    notTouched: summary.notTouched,
    rtoSeconds: summary.rtoSeconds,
    rtoTargetSeconds: graph.objectives.rtoSeconds,
    rpoSeconds: summary.rpoSeconds,
    rpoTargetSeconds: graph.objectives.rpoSeconds,
    expectedLossSeconds: summary.expectedLossSeconds,
    approvers: summary.approvers,
    statusUrl: outputOf('statuspage/create', 'url'),
    channel: outputOf('slack/open-channel', 'name'),
    stakeholder: null,
    note: null,
    nextUpdateMinutes: null,
    severityBefore: null,
    role: null,
    mentions: [],
    link: null,
  };
};

/** A cancelled or void run is an aborted one to whoever was told of it. */
const outcomes = {
  running: 'running',
  'waiting for approval': 'running',
  halted: 'halted',
  paused: 'running',
  unwinding: 'failed',
  succeeded: 'succeeded',
  failed: 'failed',
  aborted: 'aborted',
  cancelled: 'aborted',
  voided: 'aborted',
  rejected: 'rejected',
  expired: 'expired',
} as const;
