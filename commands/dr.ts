import { type CommandContext, defineCommand, type RunOrder } from '../src/define.ts';
import { MaydayError } from '../src/errors.ts';
import { oneOf, wordsOf } from './words.ts';

const usage = '/dr status <plan> | run [<id> [<deed> …]] | help';

/** Wall seconds for which the person is kept waiting for a look at everything. */
const statusPatienceSeconds = 25;

export const dr = defineCommand({
  name: '/dr',
  summary: 'See how systems stand and what runs do',
  usage: 'status <plan> | run [<id> [pause|resume|retry|skip|force|allow|refuse|abort …]] | help',
  examples: [
    '/dr status shop',
    '/dr run',
    '/dr run r-7k3f9qwe',
    '/dr run r-7k3f9qwe abort the Region is back',
    '/dr run r-7k3f9qwe skip grow-cache nobody needs it tonight',
    '/dr help',
  ],
  effect: 'read',
  async run(text, context) {
    const words = wordsOf(text);
    if (words.length === 0) return help(context);
    const what = oneOf(words, ['status', 'run', 'runs', 'help'], 'subcommand', usage);
    if (what === 'status') await status(words, context);
    else if (what === 'help') await help(context);
    else await run(words, context);
  },
});

const status = async (words: string[], context: CommandContext): Promise<void> => {
  const names = context.plans.names();
  const plan = words.length === 0 && names.length === 1 ? names[0]! : oneOf(words, names, 'plan', '/dr status <plan>');
  const started = await context.start({ flow: 'status', plan, reason: 'status' });
  if (started) await context.reply(await context.runs.result(started.runId, statusPatienceSeconds));
};

const run = async (words: string[], context: CommandContext): Promise<void> => {
  const id = words.shift();
  if (id === undefined) {
    const runs = await context.runs.list();
    const lines = runs.map((each) => `• \`${each.id}\` ${each.flow} of ${each.scope} of ${each.plan}: ${each.status}`);
    return context.reply(lines.length === 0 ? 'There are no runs.' : lines.join('\n'));
  }
  if (words.length === 0) return context.reply(await context.runs.describe(id));
  const order = orderFrom(id, words);
  await context.reply(await context.runs.control(id, order));
};

const deeds = ['pause', 'resume', 'cancel', 'abort', 'retry', 'skip', 'force', 'allow', 'refuse'] as const;

/** `skip grow-cache nobody needs it tonight`: what to do, to which step, and why. */
const orderFrom = (id: string, words: string[]): RunOrder => {
  const deed = oneOf(words, deeds, 'deed', `/dr run ${id} ${deeds.join('|')}`) as (typeof deeds)[number];
  const usageOf = (rest: string) => `\`/dr run ${id} ${deed} ${rest}\``;
  if (deed === 'skip' || deed === 'force' || deed === 'allow' || deed === 'refuse') {
    const step = words.shift();
    if (step === undefined)
      throw new MaydayError('input/invalid', `Say which step: ${usageOf('<step> …')}. Nothing was done.`);
    const rest = words.join(' ').trim();
    if (deed === 'allow') return { deed, step, typed: rest === '' ? null : rest };
    return { deed, step, reason: reasonIn(rest, usageOf('<step> <reason>')) };
  }
  if (deed !== 'retry') return { deed, reason: reasonIn(words.join(' '), usageOf('<reason>')) };
  // `retry step <id> <reason>` is one step; anything else is the reason for retrying all that have stopped.
  const [only, step] = words;
  if (only !== 'step' || step === undefined) return { deed, reason: reasonIn(words.join(' '), usageOf('<reason>')) };
  return { deed, step, reason: reasonIn(words.slice(2).join(' '), usageOf('step <step> <reason>')) };
};

const reasonIn = (text: string, usageText: string): string => {
  if (text.trim() === '') throw new MaydayError('input/invalid', `Say why: ${usageText}. Nothing was done.`);
  return text.trim();
};

const help = async (context: CommandContext): Promise<void> => {
  const lines = context.commands.map(
    (command) =>
      `*${command.name}* ${command.usage.replaceAll('<', '‹').replaceAll('>', '›')}\n${command.summary}. For example: \`${command.examples[0]}\``,
  );
  await context.reply(`${lines.join('\n')}\nPlans here: ${context.plans.names().join(', ')}.`);
};
