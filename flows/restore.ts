import { defineFlow, type StepDraft } from '../src/define.ts';
import { askApprovers, tellAfterwards } from './asking.ts';
import { gather, tellOutcome } from './telling.ts';

/**
 * Brings a component's data back beside what runs: a new instance with the data of a moment, its rows checked. Nothing
 * that runs is touched, so customers and stakeholders are not told; pointing traffic at it is another decision.
 */
export const restore = defineFlow({
  name: 'restore',
  summary: 'Restore a component to a point in time, beside what runs',
  whenToUse: 'Data was lost or damaged, and a copy from before is needed.',
  canBreak: 'Nothing that runs: a new instance is made and left for people to look at. It costs money until removed.',
  approval: 'restore',
  readOnly: false,
  locate: 'active',
  build(plan, request) {
    const values = { at: request.to!, time: request.time!, stamp: request.stamp, 'requested-at': request.requestedAt };
    const { steps: gathering, channel } = gather(plan, request);
    const rule = plan.approvalRule('restore', new Date(request.requestedAt), request);
    const preview: StepDraft = {
      id: 'preview',
      title: 'Read what would change',
      phase: 'decide',
      uses: 'engine/preview',
      with: { losses: [] },
    };
    const approve: StepDraft = {
      id: 'approve',
      title: 'Approval',
      phase: 'approve',
      uses: 'engine/approval',
      with: { ...rule },
      needs: ['preview'],
    };
    const execute = plan.procedure('restore', request.scope, values, 'execute');
    const proof = `restored-${request.scope}`;
    const verify = plan.hasProcedure('verify', proof) ? plan.procedure('verify', proof, values, 'verify') : [];
    const executed = execute.map(({ id }) => id);
    for (const step of execute) step.needs = [...(step.needs ?? []), 'approve'];
    for (const step of verify) step.needs = [...(step.needs ?? []), ...executed];
    const quietly = { ...plan, announce: { ...plan.announce, mail: undefined } };
    return {
      steps: [
        ...gathering,
        preview,
        approve,
        ...execute,
        ...verify,
        ...askApprovers(plan, rule, request, channel),
        ...tellAfterwards(plan, rule, channel),
        ...tellOutcome(
          quietly,
          channel,
          { approval: 'approve', execute: executed, verify: verify.map(({ id }) => id) },
          request.severity,
        ),
      ],
      claims: [],
    };
  },
});
