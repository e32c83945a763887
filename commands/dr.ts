import { type CommandContext, defineCommand, type FormField, type RunOrder } from '../src/define.ts';
import { MaydayError } from '../src/errors.ts';
import { chosenPlan, lineOf, planField, reasonField, scopeField } from './fields.ts';
import { oneOf, placeOf, plainName, reasonOf, said, wordsOf } from './words.ts';

const usage =
  '/dr status|check <plan> | assess|propose <plan> [<situation>] | recover <plan> <scope> <reason> | who <plan> [<flow>] [<scope>] | plan … | checklist <run> | run [<id> [<deed> …]] | step-up [enrol|confirm <code>] | help';

/** Wall seconds for which the person is kept waiting for a look at everything. */
const statusPatienceSeconds = 25;

export const dr = defineCommand({
  name: '/dr',
  summary: 'See how systems stand and what runs do',
  usage:
    'status|check <plan> | assess|propose <plan> [<situation>] | recover <plan> <scope> <reason> | who <plan> [<flow>] [<scope>] [at <time>] | plan <tool> <plan> … | checklist <run> | run [<id> [pause|resume|retry|skip|force|allow|refuse|done|reject|withdraw|abort …]] | step-up [enrol|confirm <code>] | help',
  examples: [
    '/dr status shop',
    '/dr check shop',
    '/dr assess shop',
    '/dr assess shop corruption',
    '/dr propose shop',
    '/dr recover shop api it answers 500',
    '/dr who shop failover region',
    '/dr plan graph shop failover region',
    '/dr run',
    '/dr run r-7k3f9qwe',
    '/dr run r-7k3f9qwe abort the Region is back',
    '/dr run r-7k3f9qwe skip grow-cache nobody needs it tonight',
    '/dr checklist r-7k3f9qwe',
    '/dr checklist r-7k3f9qwe tick before 1',
    '/dr help',
  ],
  effect: 'read',
  form: {
    title: 'Disaster recovery',
    fields(chosen, context) {
      const what: FormField = {
        kind: 'choice',
        name: 'what',
        label: 'What do you want?',
        options: asked.map(([value, label]) => ({ value, label })),
        initial: 'status',
        decides: true,
      };
      const kind = chosen['what'] ?? 'status';
      if (kind === 'help') return [what];
      if (kind === 'run')
        return context.runs.length === 0
          ? [what]
          : [
              what,
              {
                kind: 'choice',
                name: 'run',
                label: 'Which run?',
                optional: true,
                options: context.runs.map(({ id, title }) => ({ value: id, label: title })),
              },
            ];
      const flow = kind === 'recover' ? 'recover' : undefined;
      const plan = chosenPlan(chosen, context, flow);
      const fields = [what, planField(context, flow)];
      if (!plan) return fields;
      if (kind === 'recover') fields.push(scopeField(plan.scopes('recover'), 'What has happened?'), reasonField);
      if ((kind === 'assess' || kind === 'propose') && plan.situations.length > 0)
        fields.push({
          kind: 'choice',
          name: 'scope',
          label: 'Do you know something that no check can see?',
          optional: true,
          options: plan.situations.map((situation) => ({ value: situation, label: situation })),
        });
      return fields;
    },
    line: ({ what = 'status', plan, scope, run: id, reason }) =>
      what === 'help' ? 'help' : what === 'run' ? lineOf('run', id) : lineOf(what, plan, scope, reason),
  },
  async run(text, context) {
    const words = wordsOf(text);
    if (words.length === 0) return help(context);
    const what = oneOf(
      words,
      ['status', 'check', 'assess', 'propose', 'recover', 'who', 'plan', 'checklist', 'run', 'runs', 'step-up', 'help'],
      'subcommand',
      usage,
    );
    if (what === 'status' || what === 'check' || what === 'assess') await look(what, words, context);
    else if (what === 'propose') await propose(words, context);
    else if (what === 'recover') await recover(words, context);
    else if (what === 'who') await plan(['who', ...words], context);
    else if (what === 'plan') await plan(words, context);
    else if (what === 'checklist') await checklist(words, context);
    else if (what === 'step-up') await context.reply(await context.stepUp(words));
    else if (what === 'help') await help(context);
    else await run(words, context);
  },
});

const asked = [
  ['status', 'See how a system stands'],
  ['check', 'Run all checks of its plan'],
  ['assess', 'Ask what its plan says to do now'],
  ['propose', 'Put before people what its plan says to do now'],
  ['recover', 'Bring a part of it back where it is'],
  ['who', 'See who could approve a failover of it now'],
  ['run', 'See a run'],
  ['help', 'See all commands'],
] as const;

/** A flow that only reads; its answer is the reply. What stands behind the plan is a place, or a situation. */
const look = async (flow: 'status' | 'check' | 'assess', words: string[], context: CommandContext): Promise<void> => {
  const names = context.plans.names();
  const name = words.length === 0 && names.length === 1 ? names[0]! : oneOf(words, names, 'plan', `/dr ${flow} <plan>`);
  const { places, situations } = context.plans.find(name);
  const valid = flow === 'assess' ? situations : places;
  // Behind status nothing more can be said; elsewhere a word that is not known must not pass for none.
  const text =
    words.length === 0 || flow === 'status'
      ? ''
      : oneOf(words, valid, flow === 'assess' ? 'situation' : 'place', `/dr ${flow} ${name}`);
  const started = await context.start({ flow, plan: name, reason: flow, ...(text !== '' && { text }) });
  if (started) await context.reply(await context.runs.result(started.runId, statusPatienceSeconds));
};

/** Assesses, and puts what the plan says to do before the system's people, who start it, put it off or call it wrong. */
const propose = async (words: string[], context: CommandContext): Promise<void> => {
  const line = '/dr propose <plan> [<situation>]';
  const { name, situations } = context.plans.find(oneOf(words, context.plans.names(), 'plan', line));
  const text = words.length === 0 ? undefined : oneOf(words, situations, 'situation', `/dr propose ${name}`);
  const started = await context.start({ flow: 'assess', plan: name, reason: 'propose', ...(text && { text }) });
  if (!started) return;
  const said = await context.runs.result(started.runId, statusPatienceSeconds);
  const proposal = await context.runs.proposal(started.runId);
  if (!proposal) return context.reply(`Nothing is proposed.\n${said}`);
  const result = await context.propose(proposal);
  if (typeof result === 'object') return context.reply(`✅ ${result.nothingToDo}`);
  await context.reply(
    result === 'proposed'
      ? `Proposed where the people of ${name} talk: ${proposal.flow} ${proposal.scope}. Nothing was started.`
      : `The same is proposed already and waits for an answer: ${proposal.flow} ${proposal.scope}.`,
  );
};

const recover = async (words: string[], context: CommandContext): Promise<void> => {
  const found = context.plans.find(oneOf(words, context.plans.names(), 'plan', '/dr recover <plan> <scope> <reason>'));
  const line = `/dr recover ${found.name} <scope> <reason>`;
  const scope = oneOf(words, found.scopes('recover'), `scope of ${found.name}`, line);
  const to = placeOf(words, found.places, line);
  const reason = reasonOf(words, `/dr recover ${found.name} ${scope}`);
  const started = await context.start({ flow: 'recover', plan: found.name, scope, reason, ...(to && { to }) });
  if (started)
    await context.reply(
      `Started run \`${started.runId}\`: recover ${scope} of ${found.title}. Its card appears in the incident's channel; nothing is changed before it is approved.`,
    );
};

const plan = async (words: string[], context: CommandContext): Promise<void> => {
  const tools = context.planTools.names();
  const tool = oneOf(words, tools, 'tool', `/dr plan ${tools.join('|')} <plan>`);
  const name = oneOf(words, context.plans.names(), 'plan', `/dr plan ${tool} <plan>`);
  const text = await context.planTools.run(tool, name, words);
  const cutOff = text.length > mostText ? `\n… the rest: mayday plan ${[tool, name, ...words].join(' ')}` : '';
  await context.reply(`\`\`\`${escaped(text.slice(0, mostText))}${cutOff}\`\`\``);
};

const checklist = async (words: string[], context: CommandContext): Promise<void> => {
  const usageText = '/dr checklist <run> [tick <list> <number>]';
  const id = words.shift();
  if (id === undefined) throw new MaydayError('input/invalid', `Say of which run: \`${usageText}\`.`);
  plainName(id, 'run');
  if (words.length === 0) return context.reply(await context.checklists.show(id));
  const [tick, list, number] = words;
  if (tick !== 'tick' || list === undefined || !/^\d+$/.test(number ?? ''))
    throw new MaydayError('input/invalid', `Like this: \`${usageText}\`. Nothing was ticked.`);
  const { user: person, name } = context.caller;
  await context.reply(await context.checklists.tick(id, list, Number(number), { person, name }));
};

/** As much as one message of Slack shows well. */
const mostText = 11_000;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('```', "'''");

const run = async (words: string[], context: CommandContext): Promise<void> => {
  const id = words.shift();
  if (id === undefined) {
    const runs = await context.runs.list();
    const lines = runs.map((each) => `• \`${each.id}\` ${each.flow} of ${each.scope} of ${each.plan}: ${each.status}`);
    return context.reply(lines.length === 0 ? 'There are no runs.' : lines.join('\n'));
  }
  plainName(id, 'run');
  if (words.length === 0) return context.reply(await context.runs.describe(id));
  const order = orderFrom(id, words);
  await context.reply(await context.runs.control(id, order));
};

const deeds = [
  'pause',
  'resume',
  'cancel',
  'reject',
  'abort',
  'retry',
  'skip',
  'force',
  'allow',
  'refuse',
  'done',
  'withdraw',
] as const;

/** `skip grow-cache nobody needs it tonight`: what to do, to which step, and why. */
const orderFrom = (id: string, words: string[]): RunOrder => {
  const deed = oneOf(words, deeds, 'deed', `/dr run ${id} ${deeds.join('|')}`) as (typeof deeds)[number];
  const usageOf = (rest: string) => `\`/dr run ${id} ${deed} ${rest}\``;
  if (deed === 'skip' || deed === 'force' || deed === 'allow' || deed === 'refuse' || deed === 'done') {
    const step = words.shift();
    if (step === undefined)
      throw new MaydayError('input/invalid', `Say which step: ${usageOf('<step> …')}. Nothing was done.`);
    plainName(step, 'step');
    const rest = said(words);
    if (deed === 'done') return { deed, step, reason: rest };
    if (deed === 'allow') return { deed, step, typed: rest === '' ? null : rest };
    return { deed, step, reason: reasonIn(rest, usageOf('<step> <reason>')) };
  }
  if (deed !== 'retry') return { deed, reason: reasonIn(said(words), usageOf('<reason>')) };
  // `retry step <id> <reason>` is one step; anything else is the reason for retrying all that have stopped.
  const [only, step] = words;
  if (only !== 'step' || step === undefined) return { deed, reason: reasonIn(said(words), usageOf('<reason>')) };
  return {
    deed,
    step: plainName(step, 'step'),
    reason: reasonIn(said(words.slice(2)), usageOf('step <step> <reason>')),
  };
};

const reasonIn = (text: string, usageText: string): string => {
  if (text.trim() === '') throw new MaydayError('input/invalid', `Say why: ${usageText}. Nothing was done.`);
  return text.trim();
};

/** Only what this person may do, and what they may say yes to. */
const help = async (context: CommandContext): Promise<void> => {
  const { noOrders, approves } = await context.abilities();
  const allowed = context.commands.filter(({ effect }) => effect === 'read' || noOrders === null);
  const lines = allowed.map(
    (command) =>
      `*${command.name}* ${command.usage.replaceAll('<', '‹').replaceAll('>', '›')}\n${command.summary}. For example: \`${command.examples[0]}\``,
  );
  const said =
    noOrders !== null
      ? `You may look, and nothing else: ${noOrders}`
      : approves.length === 0
        ? 'You may ask for all of these; you may approve nothing just now.'
        : `You may ask for all of these, and approve just now: ${approves.map(({ plan, flows }) => `${flows.join(', ')} of ${plan}`).join('; ')}.`;
  await context.reply(`${lines.join('\n')}\nPlans here: ${context.plans.names().join(', ')}.\n${said}`);
};
