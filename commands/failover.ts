import { defineCommand } from '../src/define.ts';
import { chosenPlan, lineOf, placeField, planField, reasonField, scopeField } from './fields.ts';
import { oneOf, placeOf, reasonOf, takeFlag, wordsOf } from './words.ts';

const usage = '/failover <plan> <scope> [to <place>] <reason> [--planned]';

export const failover = defineCommand({
  name: '/failover',
  summary: 'Move a system, or a part of it, to another Region or to its standby',
  usage: '<plan> <scope> [to <place>] <reason> [--planned]',
  examples: [
    '/failover shop region the whole Region is dark',
    '/failover shop database to west the primary does not answer',
    '/failover shop database it must go again --anyway',
    '/failover shop region maintenance on Saturday --planned',
  ],
  effect: 'destructive',
  form: {
    title: 'Fail over',
    fields(chosen, context) {
      const plan = chosenPlan(chosen, context, 'failover');
      if (!plan) return [planField(context, 'failover')];
      return [
        planField(context, 'failover'),
        scopeField(plan.scopes('failover')),
        placeField(plan.places),
        reasonField,
        {
          kind: 'flag',
          name: 'planned',
          label: 'Planned',
          text: 'Everything is well, and nothing may be lost',
          optional: true,
        },
      ];
    },
    line: ({ plan, scope, to, reason, planned }) =>
      lineOf(plan, scope, to && `to ${to}`, reason, planned && '--planned'),
  },
  async run(text, context) {
    const { words: unflagged, isSet: anyway } = takeFlag(wordsOf(text), 'anyway');
    const { words, isSet: planned } = takeFlag(unflagged, 'planned');
    const flow = planned ? 'switchover' : 'failover';
    const plan = context.plans.find(oneOf(words, context.plans.names(), 'plan', usage));
    const scope = oneOf(words, plan.scopes(flow), `scope of ${plan.name}`, `/failover ${plan.name} <scope> <reason>`);
    const to = placeOf(words, plan.places, `/failover ${plan.name} ${scope} to <place> <reason>`);
    const reason = reasonOf(words, `/failover ${plan.name} ${scope}${to ? ` to ${to}` : ''}`);
    const started = await context.start({
      flow,
      plan: plan.name,
      scope,
      to,
      reason,
      ...(anyway && { anyway }),
    });
    if (started)
      await context.reply(
        `Started run \`${started.runId}\`: ${flow} of ${scope} of ${plan.title}. Its card appears in the incident's channel; nothing is changed before it is approved.`,
      );
  },
});
