import { type CommandContext, defineCommand, type IncidentSummary } from '../src/define.ts';
import { MaydayError } from '../src/errors.ts';
import { severities } from '../src/incident/incident.ts';
import { cut, oneOf, wordsOf } from './words.ts';

const usage =
  '/incident declare [P1|P2|P3|P4] <plan> <what is wrong> | update [P1|P2|P3|P4] <words> | status | resolve <words>';

export const incident = defineCommand({
  name: '/incident',
  summary: 'Declare an incident, say how it stands, resolve it',
  usage: usage.slice('/incident '.length),
  examples: [
    '/incident declare P2 shop checkout is slow',
    '/incident update P1 payments fail too',
    '/incident status',
    '/incident resolve a bad deploy was rolled back',
  ],
  effect: 'write',
  async run(text, context) {
    const words = wordsOf(text);
    const what = oneOf(words, ['declare', 'update', 'status', 'resolve'], 'subcommand', usage);
    if (what === 'status') return status(context);
    const severity = severityOf(words);
    if (what === 'declare') {
      const names = context.plans.names();
      const plan =
        names.length === 1 && !names.includes(words[0]?.toLowerCase() ?? '')
          ? names[0]!
          : oneOf(words, names, 'plan', '/incident declare P2 <plan> <what is wrong>');
      const reason = said(words, `/incident declare ${severity ?? 'P2'} ${plan}`);
      const open = (await context.incidents.open()).find((each) => each.plan === plan);
      if (open)
        return context.reply(
          `${describe(open)} is open for ${plan} already; use \`/incident update\` there, or resolve it first. Nothing was started.`,
        );
      const started = await context.start({ flow: 'declare', plan, reason, severity: severity ?? 'P2' });
      if (started)
        await context.reply(
          `Declared ${severity ?? 'P2'} \`${started.incident}\`; its channel is being opened and on-call paged.`,
        );
      return;
    }
    const about = await current(context);
    const words2 = said(words, `/incident ${what}`);
    const started = await context.start({
      flow: what,
      plan: about.plan ?? undefined,
      incident: about.id,
      text: words2,
      reason: words2,
      severity,
    });
    if (started)
      await context.reply(
        what === 'update'
          ? `Said in the incident \`${about.id}\`.`
          : `Resolving \`${about.id}\` wherever it was told of.`,
      );
  },
});

const severityOf = (words: string[]): string | undefined => {
  const first = words[0]?.toUpperCase();
  if (!first || !/^P\d+$/.test(first)) return undefined;
  words.shift();
  if (!(severities as readonly string[]).includes(first))
    throw new MaydayError(
      'input/invalid',
      `There is no severity ${first}; valid are ${severities.join(', ')}. Nothing was started.`,
    );
  return first;
};

const said = (words: string[], line: string): string => {
  const text = words.join(' ').trim();
  if (text.length < 3)
    throw new MaydayError('input/invalid', `Say it in a few words: \`${line} <words>\`. Nothing was started.`);
  return cut(text);
};

/** The incident of this channel, or the only one that is open. */
const current = async (context: CommandContext): Promise<IncidentSummary> => {
  const here = await context.incidents.ofChannel(context.caller.channel);
  if (here) return here;
  const open = await context.incidents.open();
  if (open.length === 1) return open[0]!;
  if (open.length === 0)
    throw new MaydayError(
      'input/invalid',
      'No incident is open. Declare one: `/incident declare P2 <plan> <what is wrong>`.',
    );
  throw new MaydayError(
    'input/invalid',
    `Several incidents are open; type it in the channel of the one you mean: ${open.map(describe).join(', ')}. Nothing was started.`,
  );
};

const describe = (incident: IncidentSummary): string =>
  incident.channel ? `<#${incident.channel}>` : `\`${incident.id}\``;

const status = async (context: CommandContext): Promise<void> => {
  const open = await context.incidents.open();
  const runs = await context.runs.list();
  const lines = open.map((each) => `• *${each.severity}* ${describe(each)} \`${each.id}\` since ${each.declaredAt}`);
  const live = runs
    .filter((run) => ['running', 'halted', 'waiting for approval'].includes(run.status))
    .map((run) => `• run \`${run.id}\`: ${run.flow} of ${run.scope} of ${run.plan}, ${run.status}`);
  await context.reply(
    [
      open.length === 0 ? 'No incident is open.' : `*Open incidents*\n${lines.join('\n')}`,
      live.length > 0 ? `*Live runs*\n${live.join('\n')}` : '',
    ]
      .filter(Boolean)
      .join('\n'),
  );
};
