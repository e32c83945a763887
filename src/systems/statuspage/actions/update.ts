import { z } from 'zod';
import { defineAction, type Json } from '../../../define.ts';
import { curlLine } from '../../curl-line.ts';
import { noticePatienceSeconds } from '../../notice-patience.ts';
import type { StatuspageClient } from '../client.ts';
import { componentStatus, customerStatus } from '../statuses.ts';

const shape = z.strictObject({
  incident: z.string().min(1),
  status: customerStatus,
  components: z.record(z.string(), componentStatus).default({}),
  /** `status-page/<status>` unless said. */
  template: z.string().optional(),
  extra: z.record(z.string(), z.json()).optional(),
});

/** Adds an update to the status page's incident, once. */
export const update = (statuspage: StatuspageClient) =>
  defineAction({
    name: 'statuspage/update',
    version: 1,
    summary: 'Update the incident on the status page',
    effect: 'notice',
    isPublic: true,
    with: shape,
    resolve: (written) => written,
    input: shape,
    targets: ['components'],
    output: z.strictObject({ incident: z.string(), url: z.string() }),
    resources: () => [],
    changes: ['statuspage:UpdateIncident'],
    permissions: ({ incident }) => [{ system: 'statuspage', action: 'incidents.write', resource: incident }],
    expectedSeconds: 5,
    longestSeconds: noticePatienceSeconds,
    repeat: 'by-look',
    reversible: { no: 'what customers have read stays read' },
    async observe({ incident }, { key, signal }) {
      const found = await statuspage.get(incident, signal);
      if (!found.steps.includes(key)) return { state: 'todo', seen: `the status page says ${found.status}` };
      return { state: 'done', seen: `the status page says ${found.status}`, output: { incident, url: found.url } };
    },
    async act({ incident, status, components, template, extra }, context) {
      const body = (
        await context.render(template ?? `status-page/${status}`, (extra ?? {}) as Record<string, Json>)
      ).trim();
      const { steps } = await statuspage.get(incident, context.signal);
      const deadline = await context.beforeChange();
      const made = await statuspage.update(
        incident,
        { status, body, components, steps: [...steps, context.key] },
        deadline,
      );
      return { output: { incident, url: made.url }, seen: `the status page says ${made.status}` };
    },
    preview: async ({ incident, status }) => [
      { resource: `statuspage:${incident}`, now: 'as it is', then: `customers read ${status}` },
    ],
    command: ({ incident, status, components }) =>
      curlLine(
        'PATCH',
        `https://api.statuspage.io/v1/pages/PAGE_ID/incidents/${incident}`,
        { Authorization: 'OAuth $STATUSPAGE_API_KEY' },
        { incident: { status, components } },
      ),
  });
