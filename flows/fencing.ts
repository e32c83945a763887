import { type FlowPlan, fenceStepId, probeStepId, type StepDraft, unfencedFact } from '../src/define.ts';

/**
 * What keeps two primaries from taking writes at once: while people decide, each old primary is tried; after the
 * approval it is fenced and the fence proven, before anything of the same component is changed.
 */
export const fencing = (
  plan: FlowPlan,
  flow: string,
  scope: string,
  values: Record<string, string>,
): { probes: StepDraft[]; fences: StepDraft[] } => {
  const wanted = plan.fences(flow, scope, values);
  return {
    probes: wanted.map(({ component }) => ({
      id: probeStepId(component),
      title: `See whether ${component} in ${values['from']} can be fenced`,
      phase: 'decide',
      uses: 'engine/reach',
      with: { step: fenceStepId(component) },
      informative: true,
    })),
    fences: wanted.map(({ component, plan: owner, whenUnreachable, uses, with: target }) => ({
      id: fenceStepId(component),
      title: `Fence ${component} in ${values['from']}`,
      phase: 'fence',
      plan: owner,
      uses,
      with: target,
      needs: ['approve'],
      after: [probeStepId(component)],
      whenUnreachable,
      record: { name: unfencedFact(component), from: 'unfenced' },
    })),
  };
};
