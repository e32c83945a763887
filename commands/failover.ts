import { defineCommand } from '../src/define.ts';
import { oneOf, placeOf, reasonOf, takeFlag, wordsOf } from './words.ts';

const usage = '/failover <plan> <scope> [to <place>] <reason>';

export const failover = defineCommand({
  name: '/failover',
  summary: 'Move a system, or a part of it, to another Region',
  usage: '<plan> <scope> [to <place>] <reason>',
  examples: [
    '/failover shop region the whole Region is dark',
    '/failover shop database to west the primary does not answer',
    '/failover shop database it must go again --anyway',
  ],
  effect: 'destructive',
  async run(text, context) {
    const { words, isSet: anyway } = takeFlag(wordsOf(text), 'anyway');
    const plan = context.plans.find(oneOf(words, context.plans.names(), 'plan', usage));
    const scope = oneOf(
      words,
      plan.scopes('failover'),
      `scope of ${plan.name}`,
      `/failover ${plan.name} <scope> <reason>`,
    );
    const to = placeOf(words, plan.places, `/failover ${plan.name} ${scope} to <place> <reason>`);
    const reason = reasonOf(words, `/failover ${plan.name} ${scope}${to ? ` to ${to}` : ''}`);
    const started = await context.start({
      flow: 'failover',
      plan: plan.name,
      scope,
      to,
      reason,
      ...(anyway && { anyway }),
    });
    if (started)
      await context.reply(
        `Started run \`${started.runId}\`: failover of ${scope} of ${plan.title}. Its card appears in the incident's channel; nothing is changed before it is approved.`,
      );
  },
});
