import { defineFlow, type StepDraft } from '../src/define.ts';
import { wakeUp } from './telling.ts';

/** Says a person's words in the incident's channel and, when customers have been told of it, on the status page. */
export const update = defineFlow({
  name: 'update',
  summary: 'Say how an incident stands',
  whenToUse: 'Something is newly known, or the next update is due.',
  canBreak: 'Nothing: it only tells.',
  approval: undefined,
  readOnly: false,
  locate: 'none',
  build(plan, request) {
    const { channel, pagerduty } = plan.incident;
    const extra = {
      note: request.text,
      severityBefore: request.severityBefore === request.severity ? null : (request.severityBefore ?? null),
      nextUpdateMinutes: request.nextUpdateMinutes ?? null,
    };
    const steps: StepDraft[] = [];
    if (channel)
      steps.push({
        id: 'say',
        title: 'Say it in the channel',
        phase: 'report',
        uses: 'slack/post',
        with: { channel, template: 'slack/incident-update', extra },
      });
    if (channel) steps.push(...wakeUp(plan, request, channel));
    if (pagerduty)
      steps.push({
        id: 'note',
        title: 'Note it on the page',
        phase: 'report',
        uses: 'pagerduty/note',
        with: { incident: pagerduty, template: 'page/note', extra },
      });
    return { steps, claims: [] };
  },
});
