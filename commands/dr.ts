import { type CommandContext, defineCommand } from '../src/define.ts';
import { MaydayError } from '../src/errors.ts';
import { oneOf, wordsOf } from './words.ts';

const usage = '/dr status <plan> | run [<id> [retry|abort <reason>]] | help';

/** Wall seconds for which the person is kept waiting for a look at everything. */
const statusPatienceSeconds = 25;

export const dr = defineCommand({
  name: '/dr',
  summary: 'See how systems stand and what runs do',
  usage: 'status <plan> | run [<id> [retry|abort <reason>]] | help',
  examples: [
    '/dr status shop',
    '/dr run',
    '/dr run r-7k3f9qwe',
    '/dr run r-7k3f9qwe abort the Region is back',
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
  const deed = oneOf(words, ['retry', 'abort'], 'deed', `/dr run ${id} retry|abort <reason>`) as 'retry' | 'abort';
  const reason = words.join(' ').trim();
  if (reason === '')
    throw new MaydayError('input/invalid', `Say why: \`/dr run ${id} ${deed} <reason>\`. Nothing was done.`);
  await context.reply(await context.runs.control(id, deed, context.caller, reason));
};

const help = async (context: CommandContext): Promise<void> => {
  const lines = context.commands.map(
    (command) =>
      `*${command.name}* ${command.usage.replaceAll('<', '‹').replaceAll('>', '›')}\n${command.summary}. For example: \`${command.examples[0]}\``,
  );
  await context.reply(`${lines.join('\n')}\nPlans here: ${context.plans.names().join(', ')}.`);
};
