import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { MaydayError } from '../../src/errors.ts';
import { createPlanStore } from '../../src/plan/plan-store.ts';
import { freezePlan, realRegistry } from '../support/plans.ts';

const registry = realRegistry();
const orchard = readFileSync(join(import.meta.dirname, 'orchard.yml'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'mayday-plans-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a person reads who broke the plan in one place. */
const faultOf = (from: string, to: string, flow = 'failover', scope = 'everything'): string => {
  expect(orchard.split(from).length, `"${from}" must stand once in the plan`).toBe(2);
  return faultIn(
    orchard.replace(from, () => to),
    flow,
    scope,
  );
};
const faultIn = (yaml: string, flow = 'failover', scope = 'everything'): string => {
  try {
    freezePlan(registry, yaml, flow, scope);
  } catch (error) {
    expect(error).toBeInstanceOf(MaydayError);
    expect((error as MaydayError).code).toBe('plan/invalid');
    return (error as MaydayError).message;
  }
  return '';
};
/** What this process computed since, however busy the machine is with other things. */
const cpuSeconds = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};
/** `line:column` of a text in the plan after the edit. */
const placeOf = (yaml: string, text: string): string => {
  const before = yaml.slice(0, yaml.indexOf(text));
  return `orchard.yml:${before.split('\n').length}:${before.length - before.lastIndexOf('\n')}`;
};

const faults: [string, string, string, string, string][] = [
  [
    'an unknown key of the plan',
    'owner: growers',
    'owner: growers\nobjektives: 1',
    'objektives',
    'unknown key "objektives". Did you mean "objectives"?',
  ],
  [
    'an unknown key of a step',
    '          within: 5m',
    '          witin: 5m',
    'witin',
    'unknown key "witin". Did you mean "within"?',
  ],
  [
    'an unknown input of an action',
    'replicas: 3 } }',
    'replicas: 3, exactlly: true } }',
    'exactlly',
    'unknown key "exactlly"',
  ],
  [
    'an unknown key of a component',
    'replicas: { active: 3, standby: 1 }',
    'replicas: { active: 3, standby: 1 }\n    replikas: 3',
    'replikas',
    'unknown key "replikas". Did you mean "replicas"?',
  ],
  [
    'a bare number where a duration belongs',
    'rto: 2h',
    'rto: 2',
    '2,',
    'expected a duration with its unit, such as 90s, 15m or 4h',
  ],
  [
    'a duration of no unit that exists',
    'timeout: 20m',
    'timeout: 20 fortnights',
    '20 fortnights',
    '"20 fortnights" is no duration',
  ],
  ['a duration of nothing', 'every: 10s', 'every: 0s', '0s }', '"0s" is no duration'],
  [
    'a duration that no calendar holds',
    'expires: 20m',
    'expires: 999999999d',
    '999999999d',
    '"999999999d" is no duration',
  ],
  [
    'a component that is not there',
    'with: { component: larder, at',
    'with: { component: lader, at',
    '{ component: lader',
    'no component is called "lader". Did you mean "larder"?',
  ],
  [
    'a component of another kind',
    'with: { component: larder, at',
    'with: { component: crates, at',
    '{ component: crates, at: "{{ to }}", replicas',
    'component "crates" is a rds-postgresql; expected elasticache-redis',
  ],
  [
    'a component whose name every object has',
    'with: { component: larder, at',
    'with: { component: constructor, at',
    '{ component: constructor',
    'no component is called "constructor"',
  ],
  [
    'a person that is not there',
    'person: rose, by',
    'person: ruse, by',
    'ruse',
    'no person is called "ruse". Did you mean "rose"?',
  ],
  [
    'a group that is not there',
    'all-of: [pickers]',
    'all-of: [pikers]',
    'pikers',
    'no person or group is called "pikers". Did you mean "pickers"?',
  ],
  [
    'a check that is not there',
    'unless: cluster-answers',
    'unless: cluster-anwsers',
    'cluster-anwsers',
    'no check is called "cluster-anwsers". Did you mean "cluster-answers"?',
  ],
  [
    'a triage of what is no check',
    'triage: [crates-answer',
    'triage: [crates-anser',
    'crates-anser',
    'no check is called "crates-anser"',
  ],
  [
    'an action that is not there',
    'uses: elasticache/increase-replicas',
    'uses: elasticache/increase-replica',
    'elasticache/increase-replica,',
    'no action or check is called "elasticache/increase-replica". Did you mean "elasticache/increase-replicas"?',
  ],
  [
    'a kind that is not there',
    'kind: s3-bucket',
    'kind: s3-buckets',
    's3-buckets',
    'no kind of component is called "s3-buckets". Did you mean "s3-bucket"?',
  ],
  [
    'a Region that is not there',
    'prefer: [north, south, west]',
    'prefer: [north, souht, west]',
    'souht',
    'no region is called "souht". Did you mean "south"?',
  ],
  [
    'a component that is missing in a place',
    '    west: larder-c\n',
    '',
    'kind: elasticache-redis',
    'elasticache-redis "larder" has no "west"',
  ],
  [
    'a step that needs nobody',
    'needs: [turn], after',
    'needs: [turm], after',
    '[turm]',
    'no step is called "turm". Did you mean "turn"?',
  ],
  [
    'steps that wait for each other',
    'with: { component: larder, at: "{{ to }}", replicas: 3 } }',
    'with: { component: larder, at: "{{ to }}", replicas: 3 }, needs: [open] }',
    '',
    'the steps wait for each other: ',
  ],
  [
    'an output that the other step does not have',
    'steps.raise.output.endpoint',
    'steps.raise.output.endpont',
    '"{{ steps.raise',
    'the output of "raise" has no "endpont". Did you mean "endpoint"?',
  ],
  [
    'an output of a step that is not there',
    'steps.raise.output.endpoint',
    'steps.rise.output.endpoint',
    '',
    'no step is called "rise". Did you mean "raise"?',
  ],
  [
    'a reference in what says what is changed',
    'namespace: cider, secret: crates-login',
    'namespace: "{{ steps.raise.output.endpoint }}", secret: crates-login',
    '"{{ steps.raise.output.endpoint }}", secret',
    '"namespace" says what is changed, so it must stand in the plan',
  ],
  [
    'a reference inside of a text',
    'host: "{{ steps.raise.output.endpoint }}" } }',
    'host: "db {{ steps.raise.output.endpoint }}" } }',
    '{ cluster: "{{ to }}", namespace: cider, secret: crates-login, data: { host: "db',
    'must be the whole value',
  ],
  [
    'a value that is not known here',
    'secret: crates-login',
    'secret: "{{ env }}"',
    '{ cluster: "{{ to }}", namespace: cider, secret: "{{ env',
    '"{{ env }}" is not known here; known: from, to',
  ],
  [
    'a loss without a unit',
    'loss-below 5m',
    'loss-below 5',
    '[loss-below 5,',
    '"5" is no duration; expected loss-below 1h',
  ],
  [
    'a rule for some hours only',
    '    otherwise: { all-of: [pickers], requester: counts, type: MOVE IT, tell: { readers: 30m } }\n',
    '',
    'weekdays',
    'expected a rule for every hour: add "otherwise" or "always"',
  ],
  [
    'hours that end before they begin',
    'weekdays 08:00-17:00',
    'weekdays 17:00-08:00',
    '{ all-of: [pickers, elders] }',
    '"weekdays 17:00-08:00 Europe/Stockholm" is no time',
  ],
  ['a zone that is nowhere', 'Europe/Stockholm', 'Europe/Atlantis', '{ all-of: [pickers, elders] }', 'is no time'],
  [
    "a file outside the plan's folder",
    'file: orchard/leaves.yml',
    'file: ../../etc/passwd',
    '../../etc/passwd',
    '"../../etc/passwd" lies outside the folder of the plans',
  ],
  [
    'a file outside by a detour',
    'file: orchard/leaves.yml',
    'file: orchard/../../secrets.yml',
    'orchard/../../secrets.yml',
    'lies outside the folder',
  ],
  ['an absolute file', 'file: orchard/leaves.yml', 'file: /etc/passwd', '/etc/passwd', 'lies outside the folder'],
  [
    'a key that stands twice',
    '      rto: 10m',
    '      rto: 10m\n      rto: 11m',
    'rto: 11m',
    'Map keys must be unique',
  ],
  [
    'a key that reaches for the prototype',
    'owner: growers',
    'owner: growers\n__proto__: { polluted: true }',
    '__proto__',
    '"__proto__"',
  ],
  [
    'a person called like the prototype',
    '  rose: {',
    '  __proto__: { slack: U0EVIL001 }\n  rose: {',
    '__proto__',
    '__proto__',
  ],
  [
    'an account that YAML reads as a number',
    'account: "210987654321"',
    'account: 210987654321',
    '210987654321',
    'expected',
  ],
  [
    'an include of what is not there',
    'include: [crates, rest]\n      needs',
    'include: [crates, rist]\n      needs',
    'rist',
    'no procedure of failover is called "rist". Did you mean "rest"?',
  ],
  ['a number where a text belongs', 'title: Orchard\n', 'title: 7\n', '7\n', 'title: expected a text, found 7'],
  [
    'a word that is none of those which may stand there',
    '      mill: { active: 4, standby: 1 }',
    '      mill: [4, 1]',
    '[4, 1]',
    'expected keys and values, found a list',
  ],
  ['a question that stands for weeks', 'expires: 20m', 'expires: 400d', '400d', 'expires: expected at most 7d'],
  ['broken YAML', 'owner: growers', 'owner: [growers', '', ''],
];

test.each(faults)('%s is refused with its place', (_, from, to, at, message) => {
  const edited = orchard.replace(from, () => to);
  const said = faultOf(from, to);
  expect(said).toContain(message);
  expect(said).toMatch(/^orchard\.yml:\d+:\d+: /);
  if (at !== '') expect(said, placeOf(edited, at)).toContain(`${placeOf(edited, at)}: `);
});

test('every fault of a plan is told at once, and none twice', () => {
  const said = faultIn(
    orchard
      .replace('person: rose, by', 'person: ruse, by')
      .replace('kind: s3-bucket', 'kind: s3-buket')
      .replace('triage: [', 'triage: [nobody, '),
  ).split('\n');
  expect(said).toHaveLength(3);
  expect(new Set(said).size).toBe(3);
});

test('a recovering step that needs a notice is refused: talking must never block recovering', () => {
  const said = faultOf(
    'secret: crates-login, data: { host: "{{ steps.raise.output.endpoint }}" } }',
    'secret: crates-login, data: { host: pip } }\n          needs: [tell-channel]',
  );
  expect(said).toMatch(/lead: it changes the world but needs the notice "tell-channel"; .*use "after"/);
});

test('a recovering step that waits for a notice by way of a check is refused as well', () => {
  const said = faultIn(
    orchard
      .replace('timeout: 3m }', 'timeout: 3m, needs: [tell-channel] }')
      .replace('file: orchard/leaves.yml } }', 'file: orchard/leaves.yml }, needs: [health] }'),
  );
  expect(said).toMatch(/needs the notice "tell-channel"/);
});

test('an alias bomb is refused at once', () => {
  const bomb = `${orchard}\nbomb:\n  a: &a [x, x, x, x, x, x, x, x, x]\n${[...'bcdefghij']
    .map((letter, i) => `  ${letter}: &${letter} [${Array(9).fill(`*${'abcdefghij'[i]}`).join(', ')}]`)
    .join('\n')}\n`;
  const began = process.cpuUsage();
  expect(faultIn(bomb)).toMatch(/alias/i);
  expect(cpuSeconds(began)).toBeLessThan(2);
});

test('brackets without end are refused, and do not overflow anything', () => {
  expect(faultIn(`deep: ${'['.repeat(50_000)}`)).toMatch(/^orchard\.yml:\d+:\d+: /);
  expect(faultIn(`deep: ${'['.repeat(50_000)}${']'.repeat(50_000)}`)).toMatch(/^orchard\.yml:\d+:\d+: /);
});

test.each(['', '# nothing', '[]', 'just text', '42', 'null', '--- a\n--- b'])('a plan of %j is refused', (yaml) => {
  expect(faultIn(yaml)).toMatch(/^orchard\.yml:\d+:\d+: /);
});

test.each([1_900, 10_000])('a plan of %i steps is linted or refused in under two seconds', (count) => {
  const many = Array.from(
    { length: count },
    (_, i) =>
      `        s${i}: { uses: kubernetes/patch-configmap, with: { cluster: "{{ to }}", namespace: cider, configmap: c${i}, data: { a: b } }${i > 0 ? `, needs: [s${i - 1}]` : ''} }`,
  ).join('\n');
  const began = process.cpuUsage();
  const said = faultIn(
    orchard.replace('    rest:\n      steps:\n        turn:', () => `    rest:\n      steps:\n${many}\n        turn:`),
  );
  if (count > 2_000) expect(said).toMatch(/at most 320000 are read/);
  else expect(said).toBe('');
  expect(cpuSeconds(began)).toBeLessThan(2);
});

test('a plan of more steps than are allowed is refused with their number, before they are looked at', () => {
  const many = Array.from({ length: 2_001 }, (_, i) => `        s${i}: { uses: http/gett }`).join('\n');
  const began = process.cpuUsage();
  expect(faultIn(orchard.replace('        turn:', () => `${many}\n        turn:`))).toMatch(
    /^orchard\.yml:\d+:1: the plan has 20\d\d steps; at most 2000 are allowed$/,
  );
  expect(cpuSeconds(began)).toBeLessThan(2);
});

test('a plan of many steps that all need all others before them is refused or linted in under two seconds', () => {
  const many = (name: string, uses: string) =>
    Array.from({ length: 900 }, (_, i) => `        ${name}${i}: ${uses.replace('#', String(i))}`).join('\n');
  const yaml = orchard
    .replace(
      '    rest:\n      steps:\n        turn:',
      () =>
        `    rest:\n      steps:\n${many('c', '{ uses: kubernetes/patch-configmap, with: { cluster: "{{ to }}", namespace: cider, configmap: c#, data: { level: high } } }')}\n        turn:`,
    )
    .replace(
      '        leaves:',
      () =>
        `${many('h', '{ uses: http/get, with: { url: "https://www.orchard.example/#", status: 200 } }')}\n        leaves:`,
    );
  const began = process.cpuUsage();
  expect(faultIn(yaml)).toBe('');
  expect(cpuSeconds(began)).toBeLessThan(2);
});

test('a procedure that includes itself is refused with the way round', () => {
  expect(faultOf('include: [crates, rest]\n      needs', 'include: [crates, rest, everything]\n      needs')).toMatch(
    /^orchard\.yml:\d+:\d+: the procedure includes itself: failover\/everything → failover\/everything/,
  );
});

test("a folder tells the faults of all its plans, and a name that is not its file's", () => {
  mkdirSync(join(folder, 'orchard'));
  writeFileSync(join(folder, 'orchard', 'leaves.yml'), 'a: 1');
  writeFileSync(join(folder, 'orchard.yml'), orchard);
  writeFileSync(join(folder, 'mill.yml'), orchard);
  writeFileSync(join(folder, 'well.yml'), 'plan: well');
  expect(() => createPlanStore(folder, registry)).toThrow(
    /mill\.yml:\d+:\d+: the plan is called "orchard"[\s\S]*well\.yml:/,
  );
  rmSync(join(folder, 'mill.yml'));
  rmSync(join(folder, 'well.yml'));
});

test('an edit of a plan, or of a file beside it, is seen without a restart; a broken or missing one is said', async () => {
  const store = createPlanStore(folder, registry);
  const digest = store.find('orchard').digest;
  expect(store.find('orchard').digest).toBe(digest);
  writeFileSync(join(folder, 'orchard', 'leaves.yml'), 'a: 2');
  const second = store.find('orchard').digest;
  expect(second).not.toBe(digest);
  const leaves = (text: string) => {
    writeFileSync(join(folder, 'orchard', 'leaves.yml'), text);
    return () => createPlanStore(folder, registry);
  };
  expect(leaves('a: 2\nurl: postgres://picker:hunter2@crates/db')).toThrow(
    /orchard\.yml:\d+:\d+: the file "orchard\/leaves\.yml" holds what looks like a secret in line 2/,
  );
  expect(leaves('kind: Secret\ndata: { key: aHVudGVyMg== }')).toThrow(/holds a Secret, whose values/);
  expect(leaves('a: 2')).not.toThrow();
  writeFileSync(join(folder, 'orchard.yml'), `${orchard}\n# later`);
  expect(store.find('orchard').digest).not.toBe(second);
  writeFileSync(join(folder, 'orchard.yml'), orchard.replace('plan: orchard', 'plan: mill'));
  expect(() => store.find('orchard')).toThrow(/is called "mill"/);
  rmSync(join(folder, 'orchard.yml'));
  expect(() => store.find('orchard')).toThrow(expect.objectContaining({ code: 'plan/invalid' }));
  expect(() => store.find('orchad')).toThrow(
    expect.objectContaining({ code: 'plan/unknown', message: expect.stringContaining('Did you mean "orchard"?') }),
  );
});

test('a folder that is not there, or holds no plan, is said', () => {
  expect(() => createPlanStore(join(folder, 'nowhere'), registry)).toThrow(/cannot be read\. Set MAYDAY_PLANS/);
  expect(() => createPlanStore(folder, registry)).toThrow(/There is no plan in/);
});
