import { statusOf } from '../engine/run-store.ts';
import type { RunState } from '../engine/state.ts';
import { type PhaseName, summarise } from '../engine/summary.ts';

/** A run as `run show --json` prints it; other programs read this, so keys are added and never renamed. */
export const viewRun = (state: RunState) => {
  const { created } = state;
  const { graph } = created;
  const summary = summarise(state);
  return {
    run: created.run,
    plan: graph.plan,
    flow: graph.flow,
    scope: graph.scope,
    status: statusOf(state),
    outcome: state.outcome,
    incident: created.incident,
    from: graph.from,
    to: graph.to,
    requester: created.requester.name,
    reason: created.reason,
    requestedAt: created.requestedAt,
    approvers: summary.approvers,
    phases: Object.fromEntries(summary.phases.map(({ name, seconds }) => [name, seconds])) as Record<
      PhaseName,
      number | null
    >,
    stages: summary.stages,
    late: summary.late,
    tiers: summary.tiers,
    objectives: graph.objectives,
    rtoSeconds: summary.rtoSeconds,
    rpoSeconds: summary.rpoSeconds,
    expectedLossSeconds: summary.expectedLossSeconds,
    touched: summary.touched,
    maybeTouched: summary.maybeTouched,
    notTouched: summary.notTouched,
    steps: graph.steps.map((step) => {
      const { state: phase, changed, message, seen, startedAt, endedAt } = state.steps[step.id]!;
      return {
        id: step.id,
        title: step.title,
        phase: step.phase,
        stage: step.stage ?? null,
        uses: step.uses,
        effect: step.effect,
        needs: step.needs,
        after: step.after,
        resources: step.resources,
        changes: step.changes,
        url: (step.input as { url?: string } | null)?.url ?? null,
        state: phase,
        changed,
        message,
        seen,
        startedAt,
        endedAt,
        seconds: startedAt && endedAt ? (Date.parse(endedAt) - Date.parse(startedAt)) / 1000 : null,
        withinSeconds: step.withinSeconds,
      };
    }),
  };
};

export type RunView = ReturnType<typeof viewRun>;
