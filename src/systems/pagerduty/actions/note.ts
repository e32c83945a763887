import { z } from 'zod';
import { defineAction, type Json } from '../../../define.ts';
import { curlLine } from '../../curl-line.ts';
import type { PagerDutyClient } from '../client.ts';
import { markOf, withMark } from '../mark.ts';

const shape = z.strictObject({
  incident: z.string().min(1),
  template: z.string().default('page/note'),
  extra: z.record(z.string(), z.json()).optional(),
});

/** Adds a note to a PagerDuty incident, once. */
export const note = (pagerduty: PagerDutyClient) =>
  defineAction({
    name: 'pagerduty/note',
    version: 1,
    summary: 'Add a note to the PagerDuty incident',
    effect: 'notice',
    with: shape,
    resolve: (written) => written,
    input: shape,
    targets: [],
    output: z.strictObject({ note: z.string() }),
    resources: () => [],
    changes: ['pagerduty:CreateNote'],
    permissions: ({ incident }) => [{ system: 'pagerduty', action: 'incidents.write', resource: incident }],
    expectedSeconds: 5,
    longestSeconds: 600,
    repeat: 'by-look',
    reversible: { no: 'notes stay' },
    async observe({ incident }, { key, signal }) {
      const found = (await pagerduty.notes(incident, signal)).find(({ content }) => content.includes(markOf(key)));
      if (!found) return { state: 'todo', seen: 'no note of this step yet' };
      return { state: 'done', seen: `noted on ${incident}`, output: { note: found.id } };
    },
    async act({ incident, template, extra }, context) {
      const content = withMark(await context.render(template, (extra ?? {}) as Record<string, Json>), context.key);
      const made = await pagerduty.addNote(incident, content, await context.beforeChange());
      return { output: { note: made.id }, seen: `noted on ${incident}` };
    },
    preview: async ({ incident, template }) => [
      { resource: `pagerduty:${incident}`, now: 'without the note', then: `has the note ${template}` },
    ],
    command: ({ incident, template }) =>
      curlLine(
        'POST',
        `https://api.pagerduty.com/incidents/${incident}/notes`,
        { Authorization: 'Token token=$PAGERDUTY_API_TOKEN', From: '$PAGERDUTY_FROM' },
        { note: { content: `the text of ${template}` } },
      ),
  });
