import {
  type Flow,
  type FlowPlan,
  type FlowRequest,
  fenceStepId,
  type GraphDraft,
  measureStepId,
  type StepDraft,
} from '../src/define.ts';
import { askApprovers, tellAfterwards } from './asking.ts';
import { fencing } from './fencing.ts';
import { gather, tellOutcome, tellPublic, tellStakeholders } from './telling.ts';

export interface Moving {
  /** The flow whose rule approves it and whose procedure it runs. */
  flow: string;
  /** Steps between the approval and the proof, in the words of the plan. */
  execute: StepDraft[];
  verify: StepDraft[];
  /** After the proof: what makes the place that was left a standby again. */
  afterwards?: StepDraft[];
  /** What serves now still answers, so the standby must have everything before it is promoted. */
  planned?: boolean;
  unwind?: GraphDraft['unwind'];
  takenBack?: string[];
}

export const placeValues = (plan: FlowPlan, request: FlowRequest): Record<string, string> => ({
  from: request.from!,
  to: request.to!,
  at: request.to!,
  // Where it does not run: of what is brought back in place, the place that stands by.
  standby:
    (request.from !== request.to && request.from) || (plan.prefer.find((place) => place !== request.to) ?? request.to!),
  'requested-at': request.requestedAt,
  stamp: request.stamp,
});

/** What every flow does that changes what serves: look, ask, do, prove, and tell throughout. */
export const move = (plan: FlowPlan, request: FlowRequest, what: Moving): GraphDraft => {
  const { flow, execute, verify } = what;
  const values = placeValues(plan, request);
  const rule = plan.approvalRule(flow, new Date(request.requestedAt), request);
  const moves = request.from !== request.to;
  const { steps: gathering, channel } = gather(plan, request, true);
  const losses = moves ? plan.lossOf(flow, request.scope, values) : [];
  const preview: StepDraft = {
    id: 'preview',
    title: 'Read what would change',
    phase: 'decide',
    uses: 'engine/preview',
    with: { losses: what.planned ? losses.map((loss) => ({ ...loss, caughtUp: true })) : losses },
  };
  const approve: StepDraft = {
    id: 'approve',
    title: 'Approval',
    phase: 'approve',
    uses: 'engine/approval',
    with: { ...rule },
    needs: ['preview'],
  };
  const measured = losses.map(
    (loss): StepDraft => ({
      id: measureStepId(loss.component),
      title: `Measure what ${loss.component} lost`,
      phase: 'verify',
      plan: loss.plan,
      uses: loss.replayed.uses,
      with: { ...loss.written, 'not-after': { $step: 'preview', $output: 'stoppedAt' } },
    }),
  );
  const proofs = [...verify, ...measured];
  const { probes, fences } = moves ? fencing(plan, flow, request.scope, values) : { probes: [], fences: [] };
  const catching = what.planned ? catchingUp(plan, flow, request, fences) : [];
  const gates = [
    ...fences.map(({ id, plan: owner, with: target }) => ({ id, owner, component: target!['component'] })),
    ...catching.map(({ draft, plan: owner, component }) => ({ id: draft.id, owner, component })),
  ];
  for (const step of execute) {
    // What can never be taken back is not done for nothing: it waits for every gate, and not only for those of its own.
    const isGated = (gate: (typeof gates)[number]) =>
      plan.isOneWay(step.uses) || (gate.owner === step.plan && gate.component === step.with?.['component']);
    const waits = isPreparation(step) ? [] : gates.filter(isGated).map(({ id }) => id);
    step.needs = [...(step.needs ?? []), 'approve', ...waits];
    const loss = losses.find(
      ({ component, plan: owner }) => owner === step.plan && component === step.with?.['component'],
    );
    const isLimited = step.require?.some(({ uses }) => uses === 'engine/loss-below');
    if (loss && plan.makesWriter(step.uses) && !isLimited)
      step.require = [...(step.require ?? []), { uses: 'engine/loss-as-approved', with: { ...loss } }];
  }
  // More to lose than people said yes to is noticed before anything stops taking writes; where all is caught up first, nothing is lost.
  if (!what.planned)
    for (const fence of fences) {
      const loss = losses.find(
        ({ component, plan: owner }) => owner === fence.plan && component === fence.with?.['component'],
      );
      if (loss) fence.require = [...(fence.require ?? []), { uses: 'engine/loss-as-approved', with: { ...loss } }];
    }
  // What prepares the standby is done while the old one still serves.
  const prepared = (component: unknown) =>
    execute.filter(({ id }) => id.startsWith(`${preparation}${String(component)}-`)).map(({ id }) => id);
  for (const fence of fences) fence.needs = [...fence.needs!, ...prepared(fence.with!['component'])];
  const executed = [...fences, ...catching.map(({ draft }) => draft), ...execute].map(({ id }) => id);
  // Whether it must be rolled back is found out while it is proven, and not before; nothing waits for a deadline to pass.
  const watching = new Set(['engine/criteria', 'engine/deadline']);
  const watched = execute.filter(({ uses }) => watching.has(uses)).map(({ id }) => id);
  const done = executed.filter((id) => !watched.includes(id));
  for (const step of proofs) step.needs = [...(step.needs ?? []), ...done];
  const afterwards = what.afterwards ?? [];
  for (const step of afterwards) step.needs = [...(step.needs ?? []), ...executed, ...proofs.map(({ id }) => id)];

  const milestones = { approval: 'approve', execute: executed, verify: proofs.map(({ id }) => id) };
  return {
    steps: [
      ...gathering,
      // What happens in one place: whatever asks after the other one means the one that stands by.
      ...plan.triage(moves ? values : { ...values, to: values['standby']! }),
      ...probes,
      preview,
      approve,
      ...fences,
      ...catching.map(({ draft }) => draft),
      ...execute,
      ...proofs,
      ...afterwards,
      ...askApprovers(plan, rule, request, channel, true),
      ...tellStakeholders(plan, channel, milestones, request.severity, true),
      ...tellPublic(plan, milestones, request.severity),
      ...tellOutcome(plan, channel, milestones, request.severity, true),
      ...tellAfterwards(plan, rule, channel, true),
    ],
    unwind: what.unwind,
    takenBack: what.takenBack,
    claims: plan.claimsOf(flow, request.scope),
  };
};

/** Made before anything is fenced: a standby that follows. */
const isPreparation = ({ id }: StepDraft): boolean => id.startsWith(preparation);

/** Beginning of the ids of steps that make a standby while the old primary still serves. */
export const preparation = 'sync-';

/** After the fence nothing more is written, so the standby soon has the last row; only then is it promoted. */
const catchingUp = (
  plan: FlowPlan,
  flow: string,
  request: FlowRequest,
  fences: readonly StepDraft[],
): { component: string; plan: string | undefined; draft: StepDraft }[] => {
  const values = placeValues(plan, request);
  const standbys = plan.lossOf(flow, request.scope, values);
  const sources = plan.lossOf(flow, request.scope, {
    ...values,
    from: request.to!,
    to: request.from!,
    at: request.from!,
  });
  return standbys.map((standby, i) => {
    const fence = fences.find(({ id }) => id === fenceStepId(standby.component));
    return {
      component: String(standby.written['component'] ?? standby.component),
      plan: standby.plan,
      draft: {
        id: `caught-up-${standby.component}`,
        title: `See that ${standby.component} in ${request.to} has everything`,
        phase: 'execute' as const,
        uses: 'engine/caught-up',
        with: { standby: standby.replayed, source: sources[i]!.replayed },
        needs: ['approve', ...(fence ? [fence.id] : [])],
        timeoutSeconds: 900,
      },
    };
  });
};

/** The steps that a plan's own procedure of a flow takes, with what it says is declared first and proven last. */
export const procedureSteps = (
  plan: FlowPlan,
  flow: string,
  request: FlowRequest,
): Pick<Moving, 'execute' | 'verify'> => {
  const values = placeValues(plan, request);
  const part = (name: string, phase: 'execute' | 'verify'): StepDraft[] =>
    plan.hasProcedure(name, request.scope) ? plan.procedure(name, request.scope, values, phase) : [];
  return {
    execute: [...part('declare', 'execute'), ...plan.procedure(flow, request.scope, values, 'execute')],
    verify: part('verify', 'verify').map((step) => ({ ...step, stage: step.stage ?? verifyStage(plan) })),
  };
};

/** A plan that watches a phase of that name means the proof by it. */
const verifyStage = (plan: FlowPlan): string | undefined => plan.stages.find(({ name }) => name === 'verify')?.name;

/** A flow that runs the plan's procedure of its own name, approved by the plan's rule of that name. */
export const movingFlow = (
  description: Pick<Flow, 'name' | 'summary' | 'whenToUse' | 'canBreak' | 'locate'>,
): Flow => ({
  ...description,
  approval: description.name,
  readOnly: false,
  build: (plan, request) =>
    move(plan, request, {
      flow: description.name,
      ...procedureSteps(plan, description.name, request),
      planned: description.name === 'switchover',
      unwind: plan.unwindOf(description.name, request.scope),
    }),
});
