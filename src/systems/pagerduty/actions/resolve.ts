import { z } from 'zod';
import { defineAction, type Json } from '../../../define.ts';
import { curlLine } from '../../curl-line.ts';
import type { PagerDutyClient } from '../client.ts';

const shape = z.strictObject({
  incident: z.string().min(1),
  template: z.string().optional(),
  extra: z.record(z.string(), z.json()).optional(),
});

/** Resolves a PagerDuty incident; resolved is resolved, however often it is asked. */
export const resolve = (pagerduty: PagerDutyClient) =>
  defineAction({
    name: 'pagerduty/resolve',
    version: 1,
    summary: 'Resolve the PagerDuty incident',
    effect: 'notice',
    with: shape,
    resolve: (written) => written,
    input: shape,
    targets: [],
    output: z.strictObject({ incident: z.string() }),
    resources: () => [],
    changes: ['pagerduty:UpdateIncident'],
    permissions: ({ incident }) => [{ system: 'pagerduty', action: 'incidents.write', resource: incident }],
    expectedSeconds: 5,
    longestSeconds: 600,
    repeat: 'by-look',
    reversible: { no: 'trigger the incident again' },
    async observe({ incident }, { signal }) {
      const { status } = await pagerduty.getIncident(incident, signal);
      if (status !== 'resolved') return { state: 'todo', seen: `${incident} is ${status}` };
      return { state: 'done', seen: `${incident} is resolved`, output: { incident } };
    },
    async act({ incident, template, extra }, context) {
      const resolution = template ? await context.render(template, (extra ?? {}) as Record<string, Json>) : undefined;
      await pagerduty.setStatus(incident, 'resolved', resolution, await context.beforeChange());
      return { output: { incident }, seen: `${incident} is resolved` };
    },
    async preview({ incident }) {
      return [{ resource: `pagerduty:${incident}`, now: 'open', then: 'resolved' }];
    },
    command: ({ incident }) =>
      curlLine(
        'PUT',
        `https://api.pagerduty.com/incidents/${incident}`,
        { Authorization: 'Token token=$PAGERDUTY_API_TOKEN', From: '$PAGERDUTY_FROM' },
        { incident: { type: 'incident', status: 'resolved' } },
      ),
  });
