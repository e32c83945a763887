import { z } from 'zod';
import { defineAction, type Json } from '../../../define.ts';
import { curlLine } from '../../curl-line.ts';
import { noticePatienceSeconds } from '../../notice-patience.ts';
import type { StatuspageClient } from '../client.ts';
import { componentStatus, customerStatus } from '../statuses.ts';

const shape = z.strictObject({
  name: z.string().min(1).max(255),
  impact: z.enum(['none', 'minor', 'major', 'critical']).default('major'),
  status: customerStatus.default('investigating'),
  /** Statuspage component id → what it is shown as. */
  components: z.record(z.string(), componentStatus).default({}),
  template: z.string().default('status-page/investigating'),
  extra: z.record(z.string(), z.json()).optional(),
});

/** Opens an incident on the status page, found again by the step's key in its metadata. */
export const create = (statuspage: StatuspageClient) =>
  defineAction({
    name: 'statuspage/create',
    version: 1,
    summary: 'Open an incident on the status page',
    effect: 'notice',
    isPublic: true,
    with: shape,
    resolve: (written) => written,
    input: shape,
    targets: ['components'],
    output: z.strictObject({ incident: z.string(), url: z.string() }),
    resources: () => [],
    changes: ['statuspage:CreateIncident'],
    permissions: () => [{ system: 'statuspage', action: 'incidents.write', resource: 'the page' }],
    expectedSeconds: 5,
    longestSeconds: noticePatienceSeconds,
    repeat: 'by-look',
    reversible: { no: 'what customers have read stays read; resolve the incident' },
    async observe(_input, { key, signal }) {
      const found = await statuspage.findByStep(key, signal);
      if (!found) return { state: 'todo', seen: 'the status page has no incident of this step' };
      return {
        state: 'done',
        seen: `the status page says ${found.status}`,
        output: { incident: found.id, url: found.url },
      };
    },
    async act({ template, extra, ...rest }, context) {
      const body = (await context.render(template, (extra ?? {}) as Record<string, Json>)).trim();
      const made = await statuspage.create({ ...rest, body, key: context.key }, await context.beforeChange());
      return { output: { incident: made.id, url: made.url }, seen: `the status page says ${made.status}` };
    },
    preview: async ({ name, status }) => [
      { resource: 'statuspage:incident', now: 'customers are not told', then: `customers read “${name}”, ${status}` },
    ],
    command: ({ name, status, impact, components }) =>
      curlLine(
        'POST',
        'https://api.statuspage.io/v1/pages/PAGE_ID/incidents',
        { Authorization: 'OAuth $STATUSPAGE_API_KEY' },
        { incident: { name, status, impact_override: impact, components } },
      ),
  });
