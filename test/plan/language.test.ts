import { expect, test } from 'vitest';
import { flows } from '../../flows/index.ts';
import { viewPlan } from '../../src/plan/view.ts';
import { graphOf, usualVariant } from '../../src/plan-tools/variants.ts';
import { graphIn, lintOf, mill, placeIn, planOf, procedure, registry, turn } from '../support/mill.ts';

/** Ids of what a plan's own text makes, without what every flow adds. */
const ownSteps = (files: Record<string, string>, scope = 'wheels', flow = 'failover') =>
  viewPlan(planOf(files), registry).procedure(flow, scope, { from: 'hill', to: 'vale' }, 'execute');

/** What this process computed since, however busy the machine is with other things. */
const cpuSeconds = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

const grow = `steps:
  grow:
    for-each: wheels.deployments
    title: Grow {{ each }} to {{ each.active }}
    uses: kubernetes/scale
    with: { cluster: "{{ to }}", namespace: mill, deployment: "{{ each }}", replicas: "{{ each.active }}" }
  open: { uses: route53/switch-weights, with: { component: door, to: "{{ to }}" }, needs: [grow] }`;

test('for-each makes one step of each entry, and a need of the common name is a need of all of them', () => {
  const { steps } = graphIn({ 'mill.yml': mill(procedure(grow)) }, 'failover', 'wheels');
  const step = (id: string) => steps.find((each) => each.id === id);
  expect(step('grow')).toBeUndefined();
  expect(step('grow-big')).toMatchObject({ title: 'Grow big to 3', input: { deployment: 'big', replicas: 3 } });
  expect(step('grow-small')).toMatchObject({ title: 'Grow small to 2', input: { deployment: 'small', replicas: 2 } });
  expect(step('open')!.needs).toEqual(expect.arrayContaining(['grow-big', 'grow-small']));
});

test.each([
  ['wheels.deploymants', 'component "wheels" has no entries under "deploymants". Did you mean "deployments"?'],
  ['wheel.deployments', 'no component is called "wheel". Did you mean "wheels"?'],
  ['wheels.namespace', 'component "wheels" has no entries under "namespace". Valid: deployments.'],
])('for-each over %s is refused with its place', (written, message) => {
  const text = mill(procedure(grow.replace('wheels.deployments', written)));
  expect(lintOf({ 'mill.yml': text })).toEqual([`mill.yml:${placeIn(text, written)}: ${message}`]);
});

const block = `block: gear
parameters: [deployment, cog]
steps:
  start: { uses: kubernetes/restart, with: { cluster: "{{ to }}", namespace: mill, deployment: "{{ deployment }}" } }
  see:
    title: See {{ cog.name }}
    uses: kubernetes/rollout-done
    with: { cluster: "{{ to }}", namespace: mill, deployment: "{{ steps.start.output.deployment }}" }
    needs: [start]
`;
const including = (...includes: string[]) =>
  procedure(`include:\n${includes.map((each) => `  - ${each}\n`).join('')}steps:\n  last: ${turn}`);
const given = 'with: { deployment: big, cog: { name: oak } }';

test('a block gives its steps with the parameters filled in; `as` keeps two of them apart, references and all', () => {
  const files = {
    'mill.yml': mill(
      including(
        `{ block: gear, ${given} }`,
        '{ block: gear, with: { deployment: small, cog: { name: elm } }, as: left }',
      ),
    ),
    'blocks/gear.yml': block,
  };
  const steps = ownSteps(files);
  expect(steps.map(({ id }) => id)).toEqual(['start', 'see', 'left-start', 'left-see', 'last']);
  expect(steps[1]).toMatchObject({ title: 'See oak', needs: ['start'] });
  expect(steps[3]).toMatchObject({
    title: 'See elm',
    needs: ['left-start'],
    with: { deployment: { $step: 'left-start', $output: 'deployment' } },
  });
});

test.each([
  [
    'without a parameter',
    '{ block: gear, with: { deployment: big } }',
    '{ block: gear, with',
    'the block "gear" needs "cog"; say it under "with"',
  ],
  [
    'with a parameter that it has not',
    '{ block: gear, with: { deployment: big, cog: 1, kog: 2 } }',
    'with: { deployment: big, cog: 1, kog',
    'the block "gear" has no parameter "kog". Did you mean "cog"?',
  ],
  [
    'that is not there',
    `{ block: gaer, ${given} }`,
    '{ block: gaer',
    'the file "blocks/gaer.yml" beside the plan, which it includes, cannot be read',
  ],
  [
    'with a value that nobody knows',
    '{ block: gear, with: { deployment: "{{ env }}", cog: 1 } }',
    'with: { deployment: "{{ env',
    '"{{ env }}" is not known here',
  ],
])('a block %s is refused where it is included', (_, include, at, message) => {
  const text = mill(including(include));
  const faults = lintOf({ 'mill.yml': text, 'blocks/gear.yml': block });
  expect(faults).toHaveLength(1);
  const [line, column] = placeIn(text, at).split(':');
  expect(faults[0]).toContain(message);
  expect(faults[0]).toMatch(new RegExp(`^mill\\.yml:${line}:\\d+: `));
  expect(Number(faults[0]!.split(':')[2])).toBeGreaterThanOrEqual(Number(column));
});

test.each([
  [
    'an action that there is not',
    'kubernetes/restart',
    'kubernetes/restat',
    'start:',
    'start, as mill includes it: no action or check is called "kubernetes/restat"',
  ],
  [
    'a title that names what is not known',
    '{{ cog.name }}',
    '{{ cog.neme }}',
    'title:',
    'see, as mill includes it: "{{ cog.neme }}" is not known here',
  ],
  [
    'a key that an action does not know',
    'namespace: mill, deployment: "{{ deployment }}"',
    'namespace: mill, deploiment: 1, deployment: "{{ deployment }}"',
    'deploiment',
    'start, as mill includes it: unknown key "deploiment" for kubernetes/restart. Did you mean "deployment"?',
  ],
  [
    'a need that is not there',
    'needs: [start]',
    'needs: [strat]',
    '',
    'see, as mill includes it: no step is called "strat". Did you mean "start"?',
  ],
  ['an unknown key of a step', 'title: See', 'tilte: See', 'tilte', 'unknown key "tilte".'],
  [
    "a name that is not its file's",
    'block: gear',
    'block: gaer',
    'block: gaer',
    'the block is called "gaer" but its file gear.yml',
  ],
])('in a block, %s is told in the file of the block', (_, from, to, at, message) => {
  const broken = block.replace(from, to);
  expect(broken).not.toBe(block);
  const faults = lintOf({ 'mill.yml': mill(including(`{ block: gear, ${given} }`)), 'blocks/gear.yml': broken });
  expect(faults.length).toBeGreaterThan(0);
  const line =
    at === '' ? broken.split('\n').findIndex((each) => each.includes(to)) + 1 : placeIn(broken, at).split(':')[0];
  for (const fault of faults) {
    expect(fault).toMatch(new RegExp(`^blocks/gear\\.yml:${line}:\\d+: `));
    expect(fault).toContain(message);
  }
});

const promote = `steps:
  promote: { uses: rds/promote-read-replica, with: { component: grain, at: "{{ to }}" } }
  point:
    uses: kubernetes/patch-secret
    with: { cluster: "{{ to }}", namespace: mill, secret: grain, data: { host: "{{ steps.promote.output.endpoint }}" } }`;
const bakery = mill(procedure(promote, 'failover', 'grain'), '', 'bakery');
const withBakery = mill(
  procedure(`include: [{ plan: bakery, scope: grain }]\nsteps:\n  last: ${turn}\nneeds: { last: [bakery-point] }`),
);

test("the steps of another plan have that plan's targets, and its components are held and fenced", () => {
  const graph = graphIn({ 'mill.yml': withBakery, 'bakery.yml': bakery }, 'failover', 'wheels');
  const step = (id: string) => graph.steps.find((each) => each.id === id);
  expect(step('bakery-promote')!.input).toMatchObject({ instance: 'bakery-grain-b' });
  expect(step('bakery-point')!.input).toMatchObject({
    cluster: 'bakery-vale',
    data: { host: { $step: 'bakery-promote', $output: 'endpoint' } },
  });
  expect(step('last')!.input).toMatchObject({ cluster: 'mill-vale' });
  expect(step('last')!.needs).toContain('bakery-point');
  expect(graph.claims).toEqual(expect.arrayContaining(['component:mill/wheels', 'component:bakery/grain']));
  expect(graph.claims).not.toContain('component:mill/grain');
  const fence = step('fence-bakery-grain');
  expect(fence).toMatchObject({ phase: 'fence', uses: 'postgres/make-read-only' });
  expect(JSON.stringify(fence!.input)).toContain('bakery-a.mill.example');
  expect(step('bakery-promote')!.needs).toContain('fence-bakery-grain');
});

test('an old primary of another plan that was left unfenced is fenced by the plan that includes it', () => {
  const plan = planOf({ 'mill.yml': withBakery, 'bakery.yml': bakery });
  const owed = (incident: Record<string, string>) =>
    graphOf(plan, registry, {
      ...usualVariant(viewPlan(plan, registry), 'failover', 'wheels'),
      flow: flows.find(({ name }) => name === 'fence')!,
      to: 'hill',
      incident,
    }).steps.filter(({ id }) => id.startsWith('fence-'));
  expect(owed({}).map(({ id }) => id)).toEqual([]);
  expect(owed({ 'unfenced:bakery-grain': 'vale r-1' }).map(({ id }) => id)).toEqual([]);
  expect(owed({ 'unfenced:bakery-grain': 'hill r-1' })).toMatchObject([
    { id: 'fence-bakery-grain', uses: 'postgres/make-read-only', input: { host: 'bakery-a.mill.example' } },
  ]);
});

test('an edit of the other plan, or of a block, is an edit of the plan that includes it', () => {
  const digest = (files: Record<string, string>) => planOf(files).digest;
  const files = { 'mill.yml': withBakery, 'bakery.yml': bakery };
  expect(digest(files)).toBe(digest(files));
  expect(digest({ ...files, 'bakery.yml': `${bakery}# later\n` })).not.toBe(digest(files));
  const blocks = { 'mill.yml': mill(including(`{ block: gear, ${given} }`)), 'blocks/gear.yml': block };
  expect(digest({ ...blocks, 'blocks/gear.yml': `${block}# later\n` })).not.toBe(digest(blocks));
});

test('a plan inside of an included plan is found, and an edit of it counts as well', () => {
  const files = {
    'mill.yml': mill(procedure('include: [{ plan: bakery, scope: wheels }]')),
    'bakery.yml': mill(procedure('include: [{ plan: farm, scope: grain }]'), '', 'bakery'),
    'farm.yml': mill(procedure(promote, 'failover', 'grain'), '', 'farm'),
  };
  const graph = graphIn(files, 'failover', 'wheels');
  const promoted = graph.steps.find(({ id }) => id === 'bakery-farm-promote');
  expect(promoted!.input).toMatchObject({ instance: 'farm-grain-b' });
  expect(graph.claims).toEqual(expect.arrayContaining(['component:bakery/wheels', 'component:farm/grain']));
  expect(lintOf(files)).toEqual([]);
  expect(planOf({ ...files, 'farm.yml': `${files['farm.yml']}# later\n` }).digest).not.toBe(planOf(files).digest);
});

test('a fault of an included plan is told in its own file', () => {
  const broken = bakery
    .replace('postgres/answers', 'postgres/answers')
    .replace('at: "{{ to }}" } }\n        point', 'at: "{{ too }}" } }\n        point');
  expect(broken).not.toBe(bakery);
  const faults = lintOf({ 'mill.yml': withBakery, 'bakery.yml': broken });
  expect(faults.length).toBeGreaterThan(0);
  for (const fault of faults)
    expect(fault).toMatch(/^bakery\.yml:\d+:\d+: .*"\{\{ too \}\}" is not known here; known: from, to/);
});

test('plans that include each other are refused with the way round', () => {
  const faults = lintOf({
    'mill.yml': mill(procedure('include: [{ plan: bakery, scope: wheels }]')),
    'bakery.yml': mill(procedure('include: [{ plan: mill, scope: wheels }]'), '', 'bakery'),
  });
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(/^bakery\.yml:\d+:\d+: the plans include each other: mill → bakery → mill$/);
});

test('what is done in place is asked for in each place where it stands, and moves nothing', () => {
  const files = { 'mill.yml': mill(procedure(`in-place: true\nsteps:\n  turn: ${turn}`)) };
  const graph = graphIn(files, 'failover', 'wheels');
  expect(graph).toMatchObject({ from: 'hill', to: 'hill' });
  expect(graph.steps.find(({ id }) => id === 'turn')!.input).toMatchObject({ cluster: 'mill-hill' });
  expect(graph.steps.filter(({ phase }) => phase === 'fence')).toEqual([]);
  const view = viewPlan(planOf(files), registry);
  expect(view.isInPlace('failover', 'wheels')).toBe(true);
  expect(view.scopes('failback'), 'nothing to bring home').toEqual([]);
});

test('steps carry the phase that they or their procedure name, and the graph those that it passes through, in order', () => {
  const phases =
    'phases:\n  first: { target: 60s }\n  unused: { target: 60s }\n  second: { title: The door, target: 2m }\n';
  const text = mill(procedure(`phase: second\n${grow.replace('open: {', 'open: { phase: first,')}`), phases);
  const graph = graphIn({ 'mill.yml': text }, 'failover', 'wheels');
  const stageOf = (id: string) => graph.steps.find((each) => each.id === id)!.stage;
  expect([stageOf('grow-big'), stageOf('open'), stageOf('approve')]).toEqual(['second', 'first', undefined]);
  expect(graph.stages).toEqual([
    { name: 'first', title: 'First', targetSeconds: 60 },
    { name: 'second', title: 'The door', targetSeconds: 120 },
  ]);
});

const rollBack = 'unwind: [failed]\nroll-back-when: { takes-longer-than: 5m, not: [door-opens], watched-for: 1m }\n';

test('roll-back-when becomes a deadline over the other steps, and a watch after them', () => {
  const { steps } = graphIn({ 'mill.yml': mill(procedure(rollBack + grow)) }, 'failover', 'wheels');
  const step = (id: string) => steps.find((each) => each.id === id)!;
  expect(step('wheels-in-time')).toMatchObject({
    uses: 'engine/deadline',
    input: { seconds: 300, steps: ['grow-big', 'grow-small', 'open'] },
  });
  expect(step('wheels-in-time').needs).toEqual(['approve']);
  expect(step('wheels-still-good')).toMatchObject({
    uses: 'engine/criteria',
    input: { moreThan: 0, seconds: 60, some: [], each: [{ name: 'door-opens', uses: 'http/get' }] },
  });
  expect(step('wheels-still-good').needs).toEqual(expect.arrayContaining(['grow-big', 'grow-small', 'open']));
});

test('a failback, which watches each share, is not held to the time in which a failover must be done', () => {
  const failback = 'failback: { weights: [10, 100], soak: 30m, healthy: [door-opens] }\n';
  const { steps } = graphIn({ 'mill.yml': mill(procedure(rollBack + grow), failback) }, 'failback', 'wheels');
  const ids = steps.map(({ id }) => id);
  expect(ids).toEqual(
    expect.arrayContaining(['open-10', 'open-10-watched', 'open', 'open-100-watched', 'wheels-still-good']),
  );
  expect(steps.filter(({ uses }) => uses === 'engine/deadline')).toEqual([]);
});

/** A plan with one fault, what is at its place, and what is said of it. */
const refused: [string, string, string, string][] = [
  [
    'roll-back-when without unwind',
    mill(procedure(rollBack.replace('unwind: [failed]\n', '') + grow)),
    'roll-back-when',
    'what rolls back by itself must be able to: add "unwind: [failed, aborted]"',
  ],
  [
    'roll-back-when that only unwinds what is aborted',
    mill(procedure(rollBack.replace('[failed]', '[aborted]') + grow)),
    'roll-back-when',
    'what rolls back by itself must be able to',
  ],
  [
    'more-than without of',
    mill(procedure(rollBack.replace('not:', 'more-than: 2, not:') + grow)),
    '{ takes-longer-than',
    '"more-than" and "of" belong together',
  ],
  [
    'two deeds in one step',
    mill(procedure(`steps:\n  a: { uses: http/get, wait: 5m }`)),
    '{ uses: http/get, wait',
    'uses and wait exclude each other; one step does one thing',
  ],
  [
    'no deed in a step',
    mill(procedure('steps:\n  a: { title: Nothing }')),
    '{ title: Nothing',
    "expected what it does: uses (an action or check), wait (a duration) or manual (a person's work)",
  ],
  [
    '"with" on a wait',
    mill(procedure('steps:\n  a: { wait: 5m, with: { x: 1 } }')),
    '{ x: 1 }',
    '"with" belongs to a step that says "uses"',
  ],
  [
    '"while" on an action',
    mill(procedure(`steps:\n  a: { uses: http/get, while: [door-opens] }`)),
    '[door-opens]',
    '"while" belongs to a step that says "wait"',
  ],
  [
    'a checklist on a wait',
    mill(procedure('steps:\n  a: { wait: 5m, checklist: [Look] }')),
    '[Look]',
    '"checklist" belongs to a step that says "manual"',
  ],
  [
    'a wait while a check that there is not',
    mill(procedure('steps:\n  a: { wait: 5m, while: [door-opnes] }')),
    'door-opnes',
    'no check is called "door-opnes". Did you mean "door-opens"?',
  ],
  [
    'European data in Virginia',
    mill(procedure(grow)).replace('kind: rds-postgresql', 'kind: rds-postgresql\n    residency: eu'),
    'eu\n    hill',
    '"grain" must stay in the area "eu", but it stands in vale (us-east-1)',
  ],
  [
    'data of an area that there is not',
    mill(procedure(grow)).replace('kind: rds-postgresql', 'kind: rds-postgresql\n    residency: europe'),
    'europe',
    'no area is called "europe"',
  ],
  [
    'a procedure that posts to the status page',
    mill(
      procedure(
        'steps:\n  a: { uses: statuspage/update, with: { incident: x, status: resolved, template: statuspage/resolved } }',
      ),
    ),
    'statuspage/update',
    'statuspage/update speaks to customers, and a drill of this procedure would reach them',
  ],
  [
    'a procedure called failback',
    mill(`${procedure(grow)}  failback:\n    wheels:\n      steps:\n        a: ${turn}\n`),
    'failback',
    'a failback is made from the record of the failover, so it has no procedure of its own',
  ],
  [
    'a trigger that proposes a flow that there is not',
    mill(procedure(grow), 'triggers:\n  - { when: door-opens, propose: failovr wheels }\n'),
    'failovr wheels',
    'no flow with procedures is called "failovr". Did you mean "failover"?',
  ],
  [
    'a trigger that proposes a scope that there is not',
    mill(procedure(grow), 'triggers:\n  - { when: door-opens, propose: failover weels }\n'),
    'failover weels',
    'no procedure of failover is called "weels". Did you mean "wheels"?',
  ],
  [
    'a trigger that says nothing to do',
    mill(procedure(grow), 'triggers:\n  - { when: door-opens }\n'),
    '{ when: door-opens',
    'expected what to do: propose, nothing or refuse',
  ],
  [
    'a severity with two levels',
    mill(
      procedure(grow),
      'levels:\n  bad: { title: Bad, severity: P1, rto: 1h, rpo: 1h }\n  worse: { title: Worse, severity: P1, rto: 1h, rpo: 1h }\n',
    ),
    'P1, rto: 1h, rpo: 1h }\nprocedures',
    '"bad" and "worse" are both P1',
  ],
  [
    'a phase that there is not',
    mill(procedure(`phase: frist\n${grow}`), 'phases:\n  first: { target: 60s }\n'),
    'frist',
    'no phase is called "frist". Did you mean "first"?',
  ],
  [
    'a component in a place that it is not only in',
    mill(procedure(grow)).replace('kind: route53-record,', 'kind: route53-record, only: [hill],'),
    'vale: 192',
    '"door" is said to stand only in hill',
  ],
  [
    'an address that no record of its type can hold',
    mill(procedure(grow)).replace('hill: 192.0.2.1', 'hill: 192.0.2.256'),
    '192.0.2.256',
    '"192.0.2.256" is no IPv4 address, which a record of type A holds',
  ],
  [
    'a Region whose name no Region can have',
    mill(procedure(grow)).replace('aws: us-east-1', 'aws: useast1'),
    'useast1',
    'expected an AWS Region such as eu-west-1',
  ],
  [
    'a component only in a place that there is not',
    mill(procedure(grow)).replace('kind: route53-record,', 'kind: route53-record, only: [moon],'),
    '[moon]',
    'expected places of the plan: hill, vale',
  ],
  [
    'a secret in a title',
    mill(procedure(grow)).replace('owner: millers', 'owner: xoxb-123456789012-abcdefghijkl'),
    'xoxb',
    'owner holds what looks like a secret; name the variable that holds it instead: { env: NAME }',
  ],
  [
    'a secret in what a step is given',
    mill(
      procedure(
        `steps:\n  a: { uses: kubernetes/patch-secret, with: { cluster: "{{ to }}", namespace: mill, secret: s, data: { url: "postgres://u:hunter2@db/x" } } }`,
      ),
    ),
    '"postgres://u',
    'holds what looks like a secret',
  ],
  [
    'a promote without a fence',
    mill(procedure(promote, 'failover', 'grain')).replace('    fence: { when-unreachable: ask }\n', ''),
    'rds/promote',
    'it would make a second writer: nothing proves before it that the old one takes no more writes',
  ],
];

test.each(refused)('%s is refused with its place', (_, text, at, message) => {
  const faults = lintOf({ 'mill.yml': text });
  expect(faults.join('\n')).toContain(message);
  const lines = at === 'failback' || at === 'roll-back-when' ? placeIn(text, `${at}:`) : placeIn(text, at);
  expect(faults.find((fault) => fault.includes(message))!).toContain(`mill.yml:${lines}: `);
});

test('the plan without any of these faults is good', () => {
  const good = mill(procedure(rollBack + grow), 'levels:\n  bad: { title: Bad, severity: P1, rto: 1h, rpo: 1h }\n');
  expect(lintOf({ 'mill.yml': good })).toEqual([]);
  expect(lintOf({ 'mill.yml': mill(procedure(promote, 'failover', 'grain')) })).toEqual([]);
  expect(lintOf({ 'mill.yml': withBakery, 'bakery.yml': bakery })).toEqual([]);
});

test.each(['eu-west-2', 'eu-central-2', 'us-east-1'])('%s is no place for data that must stay in the EU', (aws) => {
  const text = (region: string) =>
    mill(procedure(grow))
      .replace('aws: us-east-1', `aws: ${region}`)
      .replace('kind: rds-postgresql', 'kind: rds-postgresql\n    residency: eu');
  expect(lintOf({ 'mill.yml': text(aws) }).join()).toContain(`it stands in vale (${aws})`);
  for (const good of ['eu-central-1', 'eu-west-1', 'eu-west-3', 'eu-south-1'])
    expect(lintOf({ 'mill.yml': text(good) })).toEqual([]);
});

test('data that stands only in the EU is good, wherever the rest of the system is', () => {
  const text = mill(procedure(grow), '', 'mill').replace(
    'scopes:',
    '  papers: { kind: s3-bucket, residency: eu, only: [hill], hill: mill-papers }\nscopes:',
  );
  expect(lintOf({ 'mill.yml': text })).toEqual([]);
  const plan = planOf({ 'mill.yml': text });
  expect(plan.components['papers']!.places).toEqual(['hill']);
  expect(viewPlan(plan, registry).resourcesOf('papers', 'vale')).toEqual([]);
});

test('a level gives the targets of its severity, a procedure of its own wins, and the plan has the rest', () => {
  const levels = 'levels:\n  bad: { title: Bad, severity: P2, rto: 20m, rpo: 2m }\n';
  const targets = (text: string, severity: string) =>
    viewPlan(planOf({ 'mill.yml': text }), registry).targetsFor('failover', 'wheels', severity);
  expect(targets(mill(procedure(grow), levels), 'P2')).toEqual({ rtoSeconds: 1200, rpoSeconds: 120 });
  expect(targets(mill(procedure(grow), levels), 'P1')).toEqual({ rtoSeconds: 3600, rpoSeconds: 300 });
  expect(targets(mill(procedure(`rto: 5m\n${grow}`), levels), 'P2')).toEqual({ rtoSeconds: 300, rpoSeconds: 120 });
});

const many = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');

test.each([
  [
    '10,000 steps of a few characters',
    mill(procedure(`steps:\n${many(10_000, (i) => `  s${i}: { wait: 1s }`)}`)),
    /^mill\.yml:\d+:\d+: the plan has 10000 steps; at most 2000 are allowed$/,
  ],
  [
    '10,000 steps of usual length',
    mill(procedure(`steps:\n${many(10_000, (i) => `  s${i}: ${turn}`)}`)),
    /at most 320000 are read$/,
  ],
  [
    '10,000 entries of a for-each',
    mill(
      procedure(
        'steps:\n  see: { for-each: door.health-checks, uses: http/get, with: { url: "https://mill.example/{{ each }}" } }',
      ),
    ).replace('ttl: 60s,', `ttl: 60s, health-checks: { ${many(10_000, (i) => `e${i}: x,`).replaceAll('\n', ' ')} },`),
    /^mill\.yml:\d+:\d+: "door\.health-checks" has 10000 entries; at most 2000 steps are allowed$/,
  ],
])('a plan of %s is refused by the stated limit in under two seconds', (_, text, message) => {
  const began = process.cpuUsage();
  const faults = lintOf({ 'mill.yml': text });
  expect(cpuSeconds(began)).toBeLessThan(2);
  expect(faults.map((fault) => fault.slice(0, 300))).toHaveLength(1);
  expect(faults[0]).toMatch(message);
});

test.each([
  [
    'in a line',
    (i: number) =>
      `  s${i}: { uses: http/get, with: { url: "https://mill.example/${i}", status: 200 }${i > 0 ? `, needs: [s${i - 1}]` : ''} }`,
  ],
  [
    'side by side',
    (i: number) => `  s${i}: { uses: http/get, with: { url: "https://mill.example/${i}", status: 200 } }`,
  ],
])('a plan of 1,900 steps %s is built in under two seconds', (_, line) => {
  const text = mill(procedure(`steps:\n${many(1_900, line)}`));
  const began = process.cpuUsage();
  const { steps } = graphIn({ 'mill.yml': text }, 'failover', 'wheels');
  expect(cpuSeconds(began)).toBeLessThan(2);
  expect(steps.length).toBeGreaterThan(1_900);
});

test('a plan of 1,900 steps is linted, in every direction, in under two seconds', () => {
  const text = mill(
    procedure(
      `steps:\n${many(1_900, (i) => `  s${i}: { uses: http/get, with: { url: "https://mill.example/${i}", status: 200 } }`)}`,
    ),
  );
  const began = process.cpuUsage();
  expect(lintOf({ 'mill.yml': text })).toEqual([]);
  expect(cpuSeconds(began)).toBeLessThan(2);
});
