import { defineCommand } from '../src/define.ts';
import { chosenPlan, lineOf, planField, reasonField, scopeField } from './fields.ts';
import { takeMoment } from './moment.ts';
import { oneOf, reasonOf, wordsOf } from './words.ts';

const usage = '/restore <plan> <component> <moment> <reason>';

export const restore = defineCommand({
  name: '/restore',
  summary: 'Restore a component to a point in time, beside what runs',
  usage: '<plan> <component> <moment> <reason>',
  examples: [
    '/restore shop database 10m ago rows were deleted by mistake',
    '/restore shop database 2026-11-24T09:50Z corrupted orders',
  ],
  effect: 'destructive',
  form: {
    title: 'Restore',
    fields(chosen, context) {
      const plan = chosenPlan(chosen, context, 'restore');
      if (!plan) return [planField(context, 'restore')];
      return [
        planField(context, 'restore'),
        scopeField(plan.scopes('restore'), 'Which component?'),
        {
          kind: 'text',
          name: 'moment',
          label: 'As it was when?',
          hint: 'Such as “10m ago”, “09:50” or “2026-11-24 09:50”; without a zone it is UTC.',
          most: 60,
        },
        reasonField,
      ];
    },
    line: ({ plan, scope, moment, reason }) => lineOf(plan, scope, moment, reason),
  },
  async run(text, context) {
    const words = wordsOf(text);
    const plan = context.plans.find(oneOf(words, context.plans.names(), 'plan', usage));
    const scope = oneOf(words, plan.scopes('restore'), `component of ${plan.name} that can be restored`, usage);
    const time = takeMoment(words, context.receivedAt, `/restore ${plan.name} ${scope} <moment> <reason>`);
    const reason = reasonOf(words, `/restore ${plan.name} ${scope} ${time.toISOString()}`);
    const started = await context.start({ flow: 'restore', plan: plan.name, scope, time, reason });
    if (started)
      await context.reply(
        `Started run \`${started.runId}\`: restore of ${scope} of ${plan.title} as it was at ${time.toISOString()}. Nothing is made before it is approved.`,
      );
  },
});
