import { z } from 'zod';
import { defineAction, type Json } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { curlLine } from '../../curl-line.ts';
import type { PagerDutyClient } from '../client.ts';
import { markOf, withMark } from '../mark.ts';

const wording = {
  template: z.string().default('page/note'),
  extra: z.record(z.string(), z.json()).optional(),
};

/** Makes certain people's phones ring, by asking for them on an incident that is open. */
export const requestResponders = (pagerduty: PagerDutyClient) =>
  defineAction({
    name: 'pagerduty/request-responders',
    version: 1,
    summary: 'Call people by phone through PagerDuty',
    effect: 'notice',
    /** Names of the plan's people. */
    with: z.strictObject({ incident: z.string().min(1), people: z.array(z.string().min(1)).min(1), ...wording }),
    resolve({ people, ...rest }, plan) {
      const found = people.map((name) => {
        const person = plan.person(name);
        if (!person.pagerduty)
          throw new MaydayError('plan/invalid', `${name} has no PagerDuty id in the plan, so no phone can ring.`);
        return { id: person.pagerduty, name: person.name };
      });
      return { people: found, ...rest };
    },
    input: z.strictObject({
      incident: z.string().min(1),
      people: z.array(z.strictObject({ id: z.string(), name: z.string() })).min(1),
      ...wording,
    }),
    targets: ['people'],
    output: z.strictObject({ incident: z.string(), people: z.array(z.string()) }),
    resources: () => [],
    changes: ['pagerduty:CreateResponderRequest'],
    permissions: ({ incident }) => [{ system: 'pagerduty', action: 'responder_requests.write', resource: incident }],
    expectedSeconds: 5,
    longestSeconds: 600,
    repeat: 'by-look',
    reversible: { no: 'a phone that rang has rung' },
    async observe({ incident, people }, { key, signal }) {
      const { requests } = await pagerduty.getIncident(incident, signal);
      const found = requests.some(({ message }) => message.includes(markOf(key)));
      if (!found) return { state: 'todo', seen: `${namesOf(people)} not called yet` };
      return {
        state: 'done',
        seen: `called ${namesOf(people)}`,
        output: { incident, people: people.map(({ id }) => id) },
      };
    },
    async act({ incident, people, template, extra }, context) {
      const message = withMark(await context.render(template, (extra ?? {}) as Record<string, Json>), context.key);
      await pagerduty.whoAmI(context.signal);
      const ids = people.map(({ id }) => id);
      await pagerduty.requestResponders(incident, ids, message, await context.beforeChange());
      return { output: { incident, people: ids }, seen: `called ${namesOf(people)}` };
    },
    preview: async ({ people }) =>
      people.map(({ id, name }) => ({
        resource: `pagerduty:${id}`,
        now: `${name} is not called`,
        then: `${name}'s phone rings`,
      })),
    command: ({ incident, people }) =>
      curlLine(
        'POST',
        `https://api.pagerduty.com/incidents/${incident}/responder_requests`,
        { Authorization: 'Token token=$PAGERDUTY_API_TOKEN', From: '$PAGERDUTY_FROM' },
        {
          requester_id: 'YOUR_USER_ID',
          message: 'Please help',
          responder_request_targets: people.map(({ id }) => ({
            responder_request_target: { id, type: 'user_reference' },
          })),
        },
      ),
  });

const namesOf = (people: { name: string }[]): string => people.map(({ name }) => name).join(', ');
