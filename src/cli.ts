import { enableCompileCache } from 'node:module';
import { Argument, Command } from 'commander';
import { compileCacheFolder } from './compile-cache.ts';
import { messageOf } from './errors.ts';
import { hideSettings } from './known-secrets.ts';
import { redact } from './redact.ts';

enableCompileCache(compileCacheFolder);
hideSettings(process.env);
// What nobody caught ends the process as ever, but its words may hold what somebody typed or a service answered.
process.on('uncaughtException', (error) => {
  process.stderr.write(`${redact(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`);
  process.exit(1);
});

/** Every subcommand loads what it needs when it runs, so that help is instant. */
const program = new Command('mayday')
  .description('Incident response and disaster recovery from chat: declare, approve, recover, prove, tell.')
  .showHelpAfterError('Run with --help to see what there is.')
  .configureHelp({ sortSubcommands: false });

const example = (command: Command, ...lines: string[]) =>
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`);

example(
  program
    .command('start')
    .description('Run the bot: with tokens for real, without any against the sandbox')
    .option('--speed <factor>', 'world seconds per second in the sandbox', '10')
    .option('--world-start <time>', 'when the world of the sandbox begins (ISO 8601)')
    .action(async (options) => (await import('./cli/start.ts')).start(options)),
  'npm start',
  'SLACK_BOT_TOKEN=… SLACK_SIGNING_SECRET=… npm start',
);

example(
  program
    .command('demo')
    .description('Play the whole story in the terminal: a Region goes dark, and comes back elsewhere')
    .option('--json', 'the result as one JSON object on the last line', false)
    .option('--fault <step=kind>', 'break a step: error, timeout or slow')
    .option('--at <time>', 'when the world begins (ISO 8601)', '2026-11-24T15:00:00Z')
    .option('--speed <factor>', 'world seconds per second', '30')
    .option('--plan <name>', 'which plan', 'omnimesh')
    .action(async (options) => (await import('./cli/demo.ts')).demo(options)),
  'npm run demo',
  'npm run demo -- --json',
  'npm run demo -- --fault promote=error',
);

const collect = (text: string, before: string[]): string[] => [...before, text];

const plan = program.command('plan').description('Read plans: check them, show them, draw their graphs');
example(
  plan
    .command('lint')
    .argument('[files...]', 'plan files; all of MAYDAY_PLANS when none is given')
    .description('Check plans and templates; every fault with file, line and column')
    .action(async (files) => (await import('./cli/plan-lint.ts')).lint(files)),
  'npm run mayday -- plan lint',
  'npm run mayday -- plan lint plans/omnimesh.yml',
);
example(
  plan
    .command('show')
    .argument('<plan>')
    .option('--json', 'as JSON', false)
    .description('Show who, what and where of a plan, and the command line of every step')
    .action(async (name, options) => (await import('./cli/plan-show.ts')).show(name, options)),
  'npm run mayday -- plan show omnimesh',
);
const flowAndScope = (command: Command): Command =>
  command
    .argument('<plan>')
    .argument('[flow]', 'failover, switchover, failback, recover, restore …', 'failover')
    .argument('[scope]');

example(
  flowAndScope(plan.command('graph'))
    .option('--to <place>', 'where to, when not to the next place')
    .option('--svg <file>', 'as a picture; - for standard output')
    .option('--json', 'as JSON', false)
    .description('The steps of a flow in their order, with the longest path marked')
    .action(async (name, flow, scope, options) =>
      (await import('./cli/plan-graph.ts')).graph(name, flow, scope, options),
    ),
  'npm run mayday -- plan graph omnimesh failover region',
  'npm run mayday -- plan graph teei-csr failover region --svg region.svg',
);
example(
  flowAndScope(plan.command('preview'))
    .option('--to <place>', 'where to, when not to the next place')
    .option('--shell', 'a script to go through by hand instead; asks nothing', false)
    .option('--json', 'as JSON', false)
    .description(
      'Read the world: what each resource is and would become, what would be lost, and the lines to do it by hand',
    )
    .action(async (name, flow, scope, options) =>
      (await import('./cli/plan-tools.ts')).preview(name, flow, scope, options),
    ),
  'npm run mayday -- plan preview omnimesh failover region',
  'npm run mayday -- plan preview omnimesh failover region --shell > runbook.sh',
);
example(
  flowAndScope(plan.command('who'))
    .option('--at <time>', 'at another time (ISO 8601; UTC when no zone is said)')
    .description('Who could approve such a run, now or at another time, and whether they are enough')
    .action(async (name, flow, scope, options) =>
      (await import('./cli/plan-tools.ts')).who(name, flow, scope, options),
    ),
  'npm run mayday -- plan who omnimesh failover',
  'npm run mayday -- plan who teei-csr failover region --at 2026-11-24T15:00Z',
);
example(
  plan
    .command('permissions')
    .argument('<plan>')
    .argument('[flow]')
    .argument('[scope]')
    .option('--json', 'as JSON', false)
    .description('The least IAM policies and Kubernetes roles that a plan needs')
    .action(async (name, flow, scope, options) =>
      (await import('./cli/plan-tools.ts')).permissions(name, flow, scope, options),
    ),
  'npm run mayday -- plan permissions llm-marketplace',
);
example(
  flowAndScope(plan.command('rehearse'))
    .option('--to <place>', 'where to, when not to the next place')
    .option('--fault <step=kind>', 'break a step: error, timeout, slow or crash', collect, [])
    .option('--down <place>', 'which place goes dark first; none: everything is well', '')
    .option('--durations <file>', 'how long things take in the sandbox (YAML: name: seconds)')
    .option('--speed <factor>', 'world seconds per second', '30')
    .option('--at <time>', 'when the world begins (ISO 8601)', '2026-11-24T15:00:00Z')
    .option('--json', 'the report as one JSON object on the last line', false)
    .description('Run a procedure in a sandbox built from the plan, and report its times against the targets')
    .action(async (name, flow, scope, options) =>
      (await import('./cli/rehearse.ts')).rehearse(name, flow, scope, options),
    ),
  'npm run mayday -- plan rehearse teei-csr failover region',
  'npm run mayday -- plan rehearse omnimesh failover region --fault grow-cache=slow --fault promote=crash',
);
example(
  plan
    .command('diff')
    .argument('<before>', 'a plan file')
    .argument('<after>', 'another')
    .description('What an edit changes in what would be done, not in the text')
    .action(async (before, after) => (await import('./cli/plan-tools.ts')).diff(before, after)),
  'npm run mayday -- plan diff old/omnimesh.yml plans/omnimesh.yml',
);
example(
  plan
    .command('schema')
    .option('--out <file>', 'where to write', '-')
    .description('The JSON Schema of the plan language, for your editor')
    .action(async (options) => (await import('./cli/plan-tools.ts')).schema(options)),
  'npm run --silent mayday -- plan schema > docs/plan.schema.json',
);

const run = program.command('run').description('See runs, start and steer them');
example(
  run
    .command('list')
    .option('--json', 'as JSON', false)
    .description('The newest runs')
    .action(async (options) => (await import('./cli/run.ts')).list(options)),
  'npm run mayday -- run list',
);
example(
  run
    .command('show')
    .argument('<run>')
    .option('--json', 'as JSON', false)
    .option('--report', 'the report, as Markdown', false)
    .description('Where a run stands, step by step')
    .action(async (id, options) => (await import('./cli/run.ts')).show(id, options)),
  'npm run mayday -- run show r-7k3f9qwe',
);

const stepUp = program.command('step-up').description('How approvers prove a second time who they are');
example(
  stepUp
    .command('reset')
    .argument('<person>', 'Slack user id')
    .requiredOption('--reason <words>', 'why; it goes on record')
    .description("Forget somebody's lost authenticator; they enrol another one")
    .action(async (person, { reason }) => (await import('./cli/step-up.ts')).reset(person, reason)),
  'npm run mayday -- step-up reset U024BE7LH --reason "the phone was stolen"',
);

const incident = program.command('incident').description('See incidents, and write up what happened');
example(
  incident
    .command('list')
    .option('--json', 'as JSON', false)
    .description('The open incidents, then the newest')
    .action(async (options) => (await import('./cli/incident.ts')).list(options)),
  'npm run mayday -- incident list',
);
example(
  incident
    .command('timeline')
    .argument('<incident>')
    .option('--json', 'as JSON', false)
    .description('What happened, from the journal of the incident and of its runs')
    .action(async (id, options) => (await import('./cli/incident.ts')).timeline(id, options)),
  'npm run mayday -- incident timeline i-7k3f9qwe',
);
example(
  incident
    .command('postmortem')
    .argument('<incident>')
    .description('A draft of the post-mortem, as Markdown')
    .action(async (id) => (await import('./cli/incident.ts')).postmortem(id)),
  'npm run --silent mayday -- incident postmortem i-7k3f9qwe > post-mortem.md',
);

const signed = (command: Command): Command =>
  command
    .requiredOption('--as <person>', 'a person of the plan, by name')
    .option('--key <file>', 'their SSH key, pinned in the plan; not needed in a rehearsal');

for (const [deed, description] of [
  ['pause', 'Begin nothing more; what is under way is watched to its end'],
  ['resume', 'Go on'],
  ['cancel', 'End a run that is not approved yet'],
  ['abort', 'Begin nothing more, and take back what the plan says'],
  ['reject', 'Refuse to approve'],
  ['withdraw', 'Take your yes back, until the first change has begun'],
] as const)
  example(
    signed(run.command(deed).argument('<run>'))
      .requiredOption('--reason <words>', 'why')
      .description(description)
      .action(async (id, { reason, ...identity }) =>
        (await import('./cli/order.ts')).giveOrder(id, { deed, reason }, identity),
      ),
    `npm run mayday -- run ${deed} r-7k3f9qwe --as dba --key ~/.ssh/id_ed25519 --reason "the Region is back"`,
  );
example(
  signed(run.command('retry').argument('<run>').argument('[step]'))
    .requiredOption('--reason <words>', 'why')
    .description('Try a stopped step again, or all of them')
    .action(async (id, step, { reason, ...identity }) =>
      (await import('./cli/order.ts')).giveOrder(id, { deed: 'retry', reason, ...(step && { step }) }, identity),
    ),
  'npm run mayday -- run retry r-7k3f9qwe promote --as dba --key ~/.ssh/id_ed25519 --reason "the quota was raised"',
);
for (const [deed, description] of [
  ['skip', 'Ask to leave a step out; another must allow it'],
  ['force', 'Ask to go on although what a step requires does not hold; another must allow it'],
  ['refuse', 'Refuse what another asked for'],
] as const)
  example(
    signed(run.command(deed).argument('<run>').argument('<step>'))
      .requiredOption('--reason <words>', 'why')
      .description(description)
      .action(async (id, step, { reason, ...identity }) =>
        (await import('./cli/order.ts')).giveOrder(id, { deed, step, reason }, identity),
      ),
    `npm run mayday -- run ${deed} r-7k3f9qwe grow-cache --as dba --key ~/.ssh/id_ed25519 --reason "not tonight"`,
  );
example(
  signed(run.command('done').argument('<run>').argument('<step>'))
    .option('--note <words>', 'what was done', '')
    .description("Say that a person's own work is done")
    .action(async (id, step, { note, ...identity }) =>
      (await import('./cli/order.ts')).giveOrder(id, { deed: 'done', step, reason: note }, identity),
    ),
  'npm run mayday -- run done r-7k3f9qwe last-good --as dba --key ~/.ssh/id_ed25519 --note "backup of 02:00"',
);
example(
  signed(run.command('allow').argument('<run>').argument('<step>'))
    .option('--type <words>', 'the words that the rule asks for, such as "ACCEPT DATA LOSS"')
    .description('Allow what another asked for')
    .action(async (id, step, { type = null, ...identity }) =>
      (await import('./cli/order.ts')).giveOrder(id, { deed: 'allow', step, typed: type }, identity),
    ),
  'npm run mayday -- run allow r-7k3f9qwe fence-database --as vp-engineering --key ~/.ssh/id_ed25519 --type "ACCEPT DATA LOSS"',
);
example(
  run
    .command('start')
    .addArgument(new Argument('<flow>').choices(['failover', 'switchover', 'failback', 'recover', 'restore']))
    .argument('<plan>')
    .argument('[scope]')
    .option('--to <place>', 'where to')
    .option('--time <moment>', 'for a restore: back to when (ISO 8601)')
    .requiredOption('--reason <words>', 'why')
    .requiredOption('--as <person>', 'a person of the plan, by name; for --break-glass say it twice', collect, [])
    .option('--key <file>', 'their SSH key, in the same order', collect, [])
    .option('--anyway', "although the plan's cool-down has not passed", false)
    .option('--break-glass', 'carry it out from here, with two operators and neither Slack nor a queue', false)
    .description('Start a run when Slack is down; with --break-glass also when nothing of Mayday runs')
    .action(async (flow, plan, scope, options) =>
      (await import('./cli/start-run.ts')).startFromHere({ flow, plan, scope, ...options }),
    ),
  'npm run mayday -- run start failover omnimesh region --as dba --key ~/.ssh/id_ed25519 --reason "Slack is down too"',
  'npm run mayday -- run start failover omnimesh region --break-glass --as dba --key dba.key --as dr-lead --key lead.key --reason "all is gone"',
);

example(
  run
    .command('carry-on')
    .argument('<run>')
    .requiredOption('--reason <words>', 'why')
    .requiredOption('--as <person>', 'a person of the plan, by name; say it twice', collect, [])
    .option('--key <file>', 'their SSH key, in the same order', collect, [])
    .description('Carry on a run from here, with two operators, when no bot is left to do it')
    .action(async (id, options) => (await import('./cli/start-run.ts')).carryOn(id, options)),
  'npm run mayday -- run carry-on r-7k3f9qwe --as dba --key dba.key --as dr-lead --key lead.key --reason "the bot is gone"',
);

example(
  program
    .command('approve')
    .argument('<run>')
    .requiredOption('--as <person>', 'a person of the plan, by name')
    .option('--key <file>', 'their SSH key, pinned in the plan; not needed in a rehearsal')
    .option('--type <word>', 'the word that the rule asks for')
    .description('Approve a run when Slack is down, signed with your SSH key')
    .action(async (id, { type = null, ...identity }) =>
      (await import('./cli/order.ts')).giveOrder(id, { deed: 'approve', hash: '', typed: type }, identity),
    ),
  'npm run mayday -- approve r-7k3f9qwe --as vp-engineering --key ~/.ssh/id_ed25519',
);

const audit = program.command('audit').description('Prove and hand out the audit trail');
example(
  audit
    .command('verify')
    .argument('[file]', 'an export; without it the live journal')
    .option('--key <file>', 'the public key, PEM; needed for an export')
    .option('--checkpoints <folder>', 'checkpoints from a second place')
    .option('--json', 'as JSON', false)
    .description('Check every hash, head and checkpoint; names each row that does not fit')
    .action(async (file, options) => (await import('./cli/audit.ts')).verify(file, options)),
  'npm run mayday -- audit verify',
  'npm run mayday -- audit verify audit.jsonl --key checkpoint-key.pub.pem --checkpoints /mnt/checkpoints',
);
example(
  audit
    .command('export')
    .option('--out <file>', 'where to write', '-')
    .description('The journal, its heads and checkpoints in one file that can be verified anywhere')
    .action(async (options) => (await import('./cli/audit.ts')).exportAll(options)),
  'npm run mayday -- audit export --out audit.jsonl',
);
example(
  audit
    .command('erase')
    .requiredOption('--person <id>', 'the id of the person, such as U0PIP0001')
    .option('--word <text>', 'another word for the person: name, address; may be given several times', collect, [])
    .requiredOption('--reason <text>', 'why; goes into the audit trail')
    .option('--yes', 'I have seen which entries these are', false)
    .option('--json', 'as JSON', false)
    .description("Blank a person's data in every entry that holds them, on record; the chain still verifies")
    .action(async (options) => (await import('./cli/audit-erase.ts')).erase(options)),
  'npm run mayday -- audit erase --person U0PIP0001 --word "Pip Example" --reason "request 17 of 2026-11-20"',
);
example(
  audit
    .command('search')
    .option('--who <person>', 'an id or a name')
    .option('--what <text>', 'words that the entry holds')
    .option('--since <time>', 'ISO 8601')
    .option('--until <time>', 'ISO 8601')
    .option('--incident <id>')
    .option('--run <id>')
    .option('--limit <number>', 'at most so many, the newest first', '50')
    .option('--json', 'as JSON', false)
    .description('Find entries')
    .action(async (options) => (await import('./cli/audit-search.ts')).search(options)),
  'npm run mayday -- audit search --run r-7k3f9qwe',
  'npm run mayday -- audit search --who U0PIP0001 --since 2026-11-01 --what approve',
);

example(
  program
    .command('manifest')
    .option('--url <address>', 'where Slack reaches your Mayday', 'https://mayday.example.com/slack/events')
    .description('The manifest of the Slack app, made from the commands')
    .action(async (options) => (await import('./cli/manifest.ts')).manifest(options)),
  'npm run --silent mayday -- manifest > app-manifest.yml',
  'npm run --silent mayday -- manifest --url https://mayday.acme.example/slack/events',
);

example(
  program
    .command('doctor')
    .description('Look for what would go wrong at three in the morning')
    // What it asked and nobody answered may still be open; nobody waits for that.
    .action(async () => (await import('./cli/doctor.ts')).doctor().then(() => process.exit())),
  'npm run mayday -- doctor',
);

// `mayday … | head` ends the reader first: what was started must still be ended in good order.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (process.listenerCount('SIGTERM') === 0) process.exit(0);
  process.kill(process.pid, 'SIGTERM');
});

// A command that fails says why in a sentence; the stack is for `MAYDAY_LOG=debug`.
program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${redact(messageOf(error))}\n`);
  if (process.env['MAYDAY_LOG'] === 'debug' && error instanceof Error)
    process.stderr.write(`${redact(String(error.stack))}\n`);
  process.exit(1);
});
