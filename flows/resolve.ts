import { defineFlow, type StepDraft } from '../src/define.ts';

/** Ends an incident wherever it was told of. */
export const resolve = defineFlow({
  name: 'resolve',
  summary: 'Resolve an incident: the page, the status page, the channel',
  whenToUse: 'It is over, and somebody says so.',
  canBreak: 'Nothing: it only tells.',
  approval: undefined,
  readOnly: false,
  locate: 'none',
  build(plan, request) {
    const { channel, pagerduty, statuspage } = plan.incident;
    const extra = { note: request.text };
    const steps: StepDraft[] = [];
    if (channel)
      steps.push({
        id: 'say',
        title: 'Say it in the channel',
        phase: 'report',
        uses: 'slack/post',
        with: { channel, template: 'slack/incident-resolved', extra },
      });
    if (pagerduty)
      steps.push({
        id: 'resolve-page',
        title: 'Resolve the page',
        phase: 'report',
        uses: 'pagerduty/resolve',
        with: { incident: pagerduty },
      });
    if (statuspage)
      steps.push({
        id: 'status-resolved',
        title: 'Status page: resolved',
        phase: 'report',
        uses: 'statuspage/update',
        with: {
          incident: statuspage,
          status: 'resolved',
          components: Object.fromEntries(
            Object.values(plan.announce.statusPage?.components ?? {}).map((id) => [id, 'operational']),
          ),
        },
      });
    return { steps, claims: [] };
  },
});
