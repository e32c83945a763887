import { type CommandContext, type CommandForm, defineCommand, type IncidentSummary } from '../src/define.ts';
import { MaydayError } from '../src/errors.ts';
import { roles, severities } from '../src/incident/incident.ts';
import { nearest } from '../src/plan/nearest.ts';
import { noPlanName } from '../src/plan/no-plan.ts';
import { lineOf } from './fields.ts';
import { takeChannel, takeDelay, takePerson } from './people.ts';
import { said as asSaid, cut, oneOf, wordsOf } from './words.ts';

const usage =
  '/incident declare [P1|P2|P3|P4] [<plan>] <what is wrong> | update [P1|P2|P3|P4] [in 20m] <words> | severity <P1|P2|P3|P4> <why> | role <role> [@person] | task [@owner] [in 24h] <words> | task done <task> | timeline | snooze [15m] | dismiss | merge into <#channel> | resolve <words> | reopen <why> | postmortem | status';

const form: CommandForm = {
  title: 'Declare an incident',
  fields: (_, { plans }) => [
    {
      kind: 'text',
      name: 'reason',
      label: 'What is wrong?',
      hint: 'What people see, in a few words.',
      multiline: true,
    },
    {
      kind: 'choice',
      name: 'severity',
      label: 'How bad is it?',
      options: [
        { value: 'P1', label: 'P1: users cannot work' },
        { value: 'P2', label: 'P2: much is broken or slow' },
        { value: 'P3', label: 'P3: something small is broken' },
        { value: 'P4', label: 'P4: to be looked at' },
      ],
      initial: 'P2',
    },
    {
      kind: 'choice',
      name: 'plan',
      label: 'Which system?',
      hint: 'Who is paged and called in follows from it.',
      options: [
        { value: noPlanName, label: 'None of these, or not known yet' },
        ...plans.names().map((name) => ({ value: name, label: `${plans.find(name).title} (${name})` })),
      ],
      initial: plans.names().length === 1 ? plans.names()[0]! : noPlanName,
    },
  ],
  line: ({ severity, plan, reason, about }) =>
    lineOf('declare', severity, plan ?? noPlanName, reason, about && `--about=${about}`),
};

export const incident = defineCommand({
  name: '/incident',
  summary: 'Declare an incident, say how it stands, share the work, resolve it',
  usage: usage.slice('/incident '.length),
  examples: [
    '/incident declare P2 shop checkout is slow',
    '/incident role commander',
    '/incident role communications @pip',
    '/incident update P1 in 20m payments fail too',
    '/incident task @pip in 24h raise the limit for good',
    '/incident timeline',
    '/incident merge into #inc-20260301-shop-abc123',
    '/incident resolve a bad deploy was rolled back',
    '/incident postmortem',
  ],
  effect: 'write',
  namesPeople: true,
  form,
  async run(text, context) {
    const words = wordsOf(text);
    const what = oneOf(words, Object.keys(subcommands), 'subcommand', '/incident declare P2 <what is wrong>');
    await subcommands[what]!(words, context);
  },
});

const subcommands: Record<string, (words: string[], context: CommandContext) => Promise<unknown>> = {
  declare,
  update,
  async severity(words, context) {
    const about = await current(context);
    const severity = severityOf(words);
    if (!severity && words.length === 0 && (await context.incidents.ask(about.id, 'severity', ''))) return;
    if (!severity)
      throw new MaydayError('input/invalid', 'Say how bad it is: `/incident severity P1 <why>`. Nothing was changed.');
    await tellUpdate(context, about, said(words, `/incident severity ${severity}`), { severity });
  },
  async role(words, context) {
    const about = await current(context);
    const role = oneOf(words, roles, 'role', '/incident role commander @person');
    const person = takePerson(words, `/incident role ${role} @person`);
    await context.reply(await context.incidents.give(about.id, { deed: 'role', role, person }));
  },
  async task(words, context) {
    if (words[0]?.toLowerCase() === 'done') {
      const [, task = ''] = words;
      const about = await named(words.slice(2), context);
      return context.reply(await context.incidents.give(about.id, { deed: 'task-done', task: task.toLowerCase() }));
    }
    const about = await named(words, context);
    if (words.length === 0 && (await context.incidents.ask(about.id, 'task', ''))) return;
    const owner = takePerson(words, '/incident task @owner in 24h <words>');
    const dueSeconds = takeDelay(words, '/incident task @owner in 24h <words>') ?? 24 * 3600;
    const line = said(words, '/incident task @owner in 24h');
    return context.reply(await context.incidents.give(about.id, { deed: 'task', text: line, owner, dueSeconds }));
  },
  async timeline(words, context) {
    await context.reply(await context.incidents.timeline((await named(words, context)).id));
  },
  async postmortem(words, context) {
    await context.reply(await context.incidents.postMortem((await named(words, context)).id));
  },
  async snooze(words, context) {
    const about = await current(context);
    const seconds = takeDelay(['in', ...words], '/incident snooze 15m') ?? 15 * 60;
    await context.reply(await context.incidents.give(about.id, { deed: 'snooze', seconds }));
  },
  async dismiss(_, context) {
    await context.reply(await context.incidents.give((await current(context)).id, { deed: 'dismiss' }));
  },
  async merge(words, context) {
    const about = await current(context);
    if (words[0]?.toLowerCase() === 'into') words.shift();
    const into = takeChannel(words) ?? words.shift();
    if (!into)
      throw new MaydayError(
        'input/invalid',
        'Say into which: `/incident merge into #channel`, or its id. Nothing was changed.',
      );
    await context.reply(await context.incidents.give(about.id, { deed: 'merge', into }));
  },
  async reopen(words, context) {
    const about = await named(words, context);
    const reason = said(words, '/incident reopen');
    await context.reply(await context.incidents.give(about.id, { deed: 'reopen', reason }));
  },
  async resolve(words, context) {
    const about = await current(context);
    // Where nothing is typed the form asks, point by point, what is easily forgotten.
    if (words.length === 0 && (await context.incidents.ask(about.id, 'resolve', ''))) return;
    const text = said(words, '/incident resolve');
    const started = await context.start({
      flow: 'resolve',
      plan: about.plan ?? undefined,
      incident: about.id,
      text,
      reason: text,
    });
    if (started) await context.reply(`Resolving \`${about.id}\` wherever it was told of.`);
  },
  status: (_, context) => status(context),
};

async function declare(typed: string[], context: CommandContext): Promise<void> {
  const about = typed.find((word) => word.startsWith('--about='))?.slice('--about='.length);
  const words = typed.filter((word) => !word.startsWith('--about='));
  const severity = severityOf(words) ?? 'P2';
  const plan = planOf(words, context.plans.names());
  const reason = said(words, lineOf('/incident declare', severity, plan));
  const open = plan === undefined ? undefined : (await context.incidents.open()).find((each) => each.plan === plan);
  if (open)
    return context.reply(
      `${describe(open)} is open for ${plan} already; use \`/incident update\` there, or resolve it first. Nothing was started.`,
    );
  const started = await context.start({ flow: 'declare', plan, reason, severity });
  if (!started) return;
  const [channel = '', ts = ''] = about?.split('/') ?? [];
  // Only of the channel in which it was asked for: nobody reads through Mayday where they could not.
  if (ts && channel === context.caller.channel)
    await context.incidents.give(started.incident, { deed: 'pin', channel, ts });
  const isUrgent = severity === 'P1' || severity === 'P2';
  const called =
    plan === undefined
      ? 'nobody is paged, for it belongs to no plan'
      : isUrgent
        ? 'on-call is paged'
        : 'on-call is invited';
  await context.reply(`Declared ${severity} \`${started.incident}\`; its channel is being opened, and ${called}.`);
}

async function update(words: string[], context: CommandContext): Promise<void> {
  const about = await current(context);
  const severity = severityOf(words);
  const delay = takeDelay(words, '/incident update in 20m <words>');
  if (words.length === 0 && delay !== undefined && !severity)
    return context.reply(await context.incidents.give(about.id, { deed: 'due', inSeconds: delay }));
  if (words.length === 0 && !severity && (await context.incidents.ask(about.id, 'update', ''))) return;
  const text = said(words, '/incident update');
  const nextUpdate = delay === undefined ? undefined : new Date(context.receivedAt.getTime() + delay * 1000);
  await tellUpdate(context, about, text, { severity, ...(nextUpdate && { nextUpdate }) });
}

const tellUpdate = async (
  context: CommandContext,
  about: IncidentSummary,
  text: string,
  more: { severity: string | undefined; nextUpdate?: Date },
): Promise<void> => {
  const started = await context.start({
    flow: 'update',
    plan: about.plan ?? undefined,
    incident: about.id,
    text,
    reason: text,
    ...more,
  });
  if (started) await context.reply(`Said in the incident \`${about.id}\`.`);
};

/** The plan that stands next, if one does. One plan alone need not be named; a slip of the finger is no plan's absence. */
const planOf = (words: string[], names: readonly string[]): string | undefined => {
  const next = words[0]?.replaceAll(/^["'`]+|["'`]+$/g, '').toLowerCase() ?? '';
  if (names.includes(next) || next === noPlanName) {
    words.shift();
    return next === noPlanName ? undefined : next;
  }
  if (names.length === 1) return names[0];
  const meant = nearest(next, names);
  if (meant !== undefined && words.length > 1)
    throw new MaydayError(
      'plan/unknown',
      `There is no plan "${next}". Did you mean "${meant}"? An incident without a plan: \`/incident declare P2 ${noPlanName} <what is wrong>\`. Nothing was started.`,
    );
  return undefined;
};

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
  const text = asSaid(words);
  if (text.length < 3)
    throw new MaydayError('input/invalid', `Say it in a few words: \`${line} <words>\`. Nothing was started.`);
  return cut(text);
};

/** The incident of this channel, or the only one that is open. */
const current = async (context: CommandContext): Promise<IncidentSummary> => {
  const here = await context.incidents.ofChannel(context.caller.channel);
  if (here) return here;
  // Here was one, and another is open elsewhere: that is not the one that is meant.
  const before = await context.incidents.find(context.caller.channel);
  if (before)
    throw new MaydayError(
      'incident/wrong-state',
      `\`${before.id}\` of this channel is ${before.status}. Nothing was changed. If it is not over: \`/incident reopen <why>\`.`,
    );
  const open = await context.incidents.open();
  if (open.length === 1) return open[0]!;
  if (open.length === 0)
    throw new MaydayError('input/invalid', 'No incident is open. Declare one: `/incident declare P2 <what is wrong>`.');
  throw new MaydayError(
    'input/invalid',
    `Several incidents are open; type it in the channel of the one you mean: ${open.map(describe).join(', ')}. Nothing was started.`,
  );
};

/** The one that is named next, by its id or channel; else that of this channel whatever became of it; else the open one. */
const named = async (words: string[], context: CommandContext): Promise<IncidentSummary> => {
  const id = /^i-[a-z0-9]{4,}$/.test(words[0] ?? '') ? words.shift() : takeChannel(words);
  const found = await context.incidents.find(id ?? context.caller.channel);
  if (found) return found;
  if (id === undefined) return await current(context);
  throw new MaydayError(
    'incident/not-found',
    `There is no incident "${id}", and no incident has that channel. \`/incident status\` lists those that are open.`,
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
