import { defineFlow, measureStepId, type StepDraft } from '../src/define.ts';
import { fencing } from './fencing.ts';
import { askApprovers, gather, tellOutcome, tellPublic, tellStakeholders } from './telling.ts';

/** Moves a scope from the place where it runs to another one: look, ask, do, prove, and tell throughout. */
export const failover = defineFlow({
  name: 'failover',
  summary: 'Move a system, or a part of it, to another Region',
  whenToUse: 'The Region or the component that serves now is lost, or will be soon.',
  canBreak: 'A promoted replica never becomes a replica again; what it had not replayed is lost.',
  approval: 'failover',
  readOnly: false,
  locate: 'target',
  build(plan, request) {
    const values = { from: request.from!, to: request.to!, 'requested-at': request.requestedAt };
    const rule = plan.approvalRule('failover', new Date(request.requestedAt));
    const { steps: gathering, channel } = gather(plan, request, true);
    const triage = plan.triage(values);

    const preview: StepDraft = {
      id: 'preview',
      title: 'Read what would change',
      phase: 'decide',
      uses: 'engine/preview',
      with: { losses: plan.lossOf(request.scope, values) },
    };
    const approve: StepDraft = {
      id: 'approve',
      title: 'Approval',
      phase: 'approve',
      uses: 'engine/approval',
      with: { ...rule },
      needs: ['preview'],
    };
    const declared = plan.hasProcedure('declare', request.scope)
      ? plan.procedure('declare', request.scope, values, 'execute')
      : [];
    const execute = [...declared, ...plan.procedure('failover', request.scope, values, 'execute')];
    const losses = plan.lossOf(request.scope, values);
    const verify: StepDraft[] = [
      ...(plan.hasProcedure('verify', request.scope) ? plan.procedure('verify', request.scope, values, 'verify') : []),
      ...losses.map((loss) => ({
        id: measureStepId(loss.component),
        title: `Measure what ${loss.component} lost`,
        phase: 'verify' as const,
        uses: loss.replayed.uses,
        with: { ...loss.written, 'not-after': { $step: 'preview', $output: 'stoppedAt' } },
      })),
    ];
    const { probes, fences } = fencing(plan, request.scope, values);
    const fenced = (step: StepDraft) =>
      fences.filter(({ with: target }) => target!['component'] === step.with?.['component']).map(({ id }) => id);
    for (const step of execute) step.needs = [...(step.needs ?? []), 'approve', ...fenced(step)];
    const executed = [...fences, ...execute].map(({ id }) => id);
    for (const step of verify) step.needs = [...(step.needs ?? []), ...executed];

    const milestones = { approval: 'approve', execute: executed, verify: verify.map(({ id }) => id) };
    const informed = rule.tell.flatMap(({ group, withinSeconds }) =>
      group.people.flatMap((person): StepDraft[] =>
        person.email && plan.announce.mail
          ? [
              {
                id: `inform-${group.name}-${person.email
                  .split('@')[0]!
                  .toLowerCase()
                  .replaceAll(/[^a-z0-9]+/g, '-')}`,
                title: `Tell ${person.name}, as the rule "${rule.name}" asks`,
                phase: 'report',
                uses: 'email/send',
                with: { from: plan.announce.mail.from, to: person.email, template: 'email/leadership' },
                needs: ['approve'],
                withinSeconds,
              },
            ]
          : [],
      ),
    );
    return {
      steps: [
        ...gathering,
        ...triage,
        ...probes,
        preview,
        approve,
        ...fences,
        ...execute,
        ...verify,
        ...askApprovers(plan, rule, request),
        ...tellStakeholders(plan, channel, milestones, true),
        ...tellPublic(plan, milestones),
        ...tellOutcome(plan, channel, milestones, true),
        ...informed,
      ],
      unwind: plan.unwindOf('failover', request.scope),
      claims: plan.componentsOf(request.scope),
    };
  },
});
