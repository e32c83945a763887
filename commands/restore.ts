import { defineCommand } from '../src/define.ts';
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
