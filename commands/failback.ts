import { defineCommand } from '../src/define.ts';
import { chosenPlan, lineOf, planField, reasonField, scopeField } from './fields.ts';
import { oneOf, reasonOf, wordsOf } from './words.ts';

const usage = '/failback <plan> <scope> <reason>';

export const failback = defineCommand({
  name: '/failback',
  summary: 'Bring a system home after a failover, from the record of what was moved',
  usage: '<plan> <scope> <reason>',
  examples: ['/failback shop region the Region has been well since Tuesday'],
  effect: 'destructive',
  form: {
    title: 'Fail back',
    fields(chosen, context) {
      const plan = chosenPlan(chosen, context, 'failback');
      if (!plan) return [planField(context, 'failback')];
      return [planField(context, 'failback'), scopeField(plan.scopes('failback')), reasonField];
    },
    line: ({ plan, scope, reason }) => lineOf(plan, scope, reason),
  },
  async run(text, context) {
    const words = wordsOf(text);
    const plan = context.plans.find(oneOf(words, context.plans.names(), 'plan', usage));
    const line = `/failback ${plan.name} <scope> <reason>`;
    const scope = oneOf(words, plan.scopes('failback'), `scope of ${plan.name}`, line);
    const reason = reasonOf(words, `/failback ${plan.name} ${scope}`);
    const started = await context.start({ flow: 'failback', plan: plan.name, scope, reason });
    if (started)
      await context.reply(
        `Started run \`${started.runId}\`: failback of ${scope} of ${plan.title}. Its card appears in the incident's channel; nothing is changed before it is approved.`,
      );
  },
});
