import { z } from 'zod';
import { defineAction, type Json } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { curlLine } from '../../curl-line.ts';
import type { PagerDutyClient } from '../client.ts';

const shape = z.strictObject({
  service: z.string().min(1),
  'escalation-policy': z.string().min(1).optional(),
  /** Templates of the title and of what stands below it. */
  title: z.string().default('page/title'),
  template: z.string().default('page/note'),
  extra: z.record(z.string(), z.json()).optional(),
});

/** Pages whoever is on call by a high-urgency incident; PagerDuty refuses a second one with the step's key. */
export const page = (pagerduty: PagerDutyClient) =>
  defineAction({
    name: 'pagerduty/page',
    version: 1,
    summary: 'Page on-call through PagerDuty',
    effect: 'notice',
    with: shape,
    resolve: (written) => written,
    input: shape,
    targets: ['service', 'escalation-policy'],
    output: z.strictObject({ incident: z.string(), url: z.string(), key: z.string() }),
    resources: () => [],
    changes: ['pagerduty:CreateIncident'],
    permissions: ({ service }) => [{ system: 'pagerduty', action: 'incidents.write', resource: service }],
    expectedSeconds: 5,
    longestSeconds: 600,
    repeat: 'by-key',
    reversible: { no: 'who was woken is awake; resolve the incident' },
    async observe({ service }, { key, signal }) {
      const found = await pagerduty.findByKey(service, key, signal);
      if (!found) return { state: 'todo', seen: 'nobody has been paged for this step' };
      return {
        state: 'done',
        seen: `PagerDuty incident ${found.id} is ${found.status}`,
        output: { incident: found.id, url: found.url, key },
      };
    },
    async act({ service, 'escalation-policy': escalationPolicy, title, template, extra }, context) {
      const more = (extra ?? {}) as Record<string, Json>;
      const oneLine = (await context.render(title, more)).replace(/\s+/g, ' ').trim();
      const details = await context.render(template, more);
      const deadline = await context.beforeChange();
      const made =
        (await pagerduty.createIncident(
          { service, escalationPolicy, title: oneLine, details, key: context.key },
          deadline,
        )) ?? (await pagerduty.findByKey(service, context.key, context.signal));
      if (!made)
        throw new MaydayError('system/unavailable', 'PagerDuty says that the page exists, but does not show it yet.');
      return { output: { incident: made.id, url: made.url, key: context.key }, seen: `paged on-call: ${made.id}` };
    },
    preview: async ({ service }) => [
      { resource: `pagerduty:${service}`, now: 'on-call is not paged', then: 'on-call is paged, high urgency' },
    ],
    command: ({ service }) =>
      curlLine(
        'POST',
        'https://api.pagerduty.com/incidents',
        { Authorization: 'Token token=$PAGERDUTY_API_TOKEN', From: '$PAGERDUTY_FROM' },
        {
          incident: {
            type: 'incident',
            title: 'RECOVERY',
            urgency: 'high',
            service: { id: service, type: 'service_reference' },
          },
        },
      ),
  });
