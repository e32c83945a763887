import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formatsOf from 'ajv-formats';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readPlan } from '../../src/plan/plan.ts';
import { blockSchema } from '../../src/plan/schema.ts';
import { viewPlan } from '../../src/plan/view.ts';
import { jsonSchemaOf } from '../../src/plan-tools/json-schema.ts';
import { graphOf, variantsOf } from '../../src/plan-tools/variants.ts';
import { realRegistry } from '../support/plans.ts';
import { blocksOf, document, filesOfDocument, folderOfDocument } from '../support/tulip.ts';

const root = join(import.meta.dirname, '../..');
const registry = realRegistry();
const folder = folderOfDocument();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every YAML block of the document is part of a plan, a block or another plan that can be read', () => {
  const files = filesOfDocument();
  expect(Object.keys(files).sort()).toEqual(['plans/blocks/grow-shop.yml', 'plans/tulip.yml', 'plans/van.yml']);
  expect(Object.values(files).join('').length).toBe(blocksOf('yaml').join('').length);
  const plan = readPlan(join(folder, 'plans/tulip.yml'), registry);
  expect(Object.keys(plan.blocks)).toEqual(['grow-shop']);
  expect(Object.keys(plan.nested)).toEqual(['van']);
});

test.each(['tulip', 'van'])(
  'every run that %s can be asked for is built, in every direction and at every hour',
  (name) => {
    const plan = readPlan(join(folder, `plans/${name}.yml`), registry);
    const variants = variantsOf(viewPlan(plan, registry));
    expect(variants.length).toBeGreaterThan(20);
    for (const variant of variants) graphOf(plan, registry, variant);
  },
);

const commands = blocksOf('console').map((block) => {
  const [line = '', ...output] = block.trimEnd().split('\n');
  return { command: line.replace(/^\$ mayday /, ''), output: output.join('\n') };
});

test.each(commands)('mayday $command prints what the document says', async ({ command, output }) => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'src/cli.ts'), ...command.split(' ')], {
    cwd: folder,
    env: { PATH: process.env['PATH'], MAYDAY_TEMPLATES: join(root, 'templates') },
  });
  expect(stdout.trimEnd()).toBe(output);
});

test('the document shows what plan lint and plan graph print', () => {
  expect(commands.map(({ command }) => command.split(' ').slice(0, 2).join(' '))).toEqual(['plan lint', 'plan graph']);
});

/** Every key that a JSON Schema knows, with a name of somebody's choice as `<>` and an entry of a list as `[]`. */
const keysOf = (schema: any, path = ''): string[] => {
  if (typeof schema !== 'object' || schema === null) return [];
  const inner = (key: string) => (path === '' ? key : `${path}.${key}`);
  const isComponent = path === 'components.<>';
  return [
    ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((each) => keysOf(each, path)),
    ...Object.entries(schema.properties ?? {})
      // What else a component has is its kind's to say.
      .filter(([key]) => !isComponent || ['kind', 'only', 'residency'].includes(key))
      .flatMap(([key, value]) => [inner(key), ...(isComponent ? [] : keysOf(value, inner(key)))]),
    ...(isComponent ? [] : Object.values(schema.patternProperties ?? {}).flatMap((each) => keysOf(each, `${path}.<>`))),
    ...(isComponent ? [] : keysOf(schema.additionalProperties, `${path}.<>`)),
    ...keysOf(schema.items, `${path}[]`),
  ];
};

/** The keys of the tables at the end, as `keysOf` writes them. */
const keysInTables = (): [plan: string[], block: string[]] => {
  const [, plan = '', block = ''] = document.split('| Key | What it says |');
  const keys = (table: string) =>
    [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, key]) => key!.replaceAll(/<[^>]*>/g, '<>'));
  return [keys(plan), keys(block)];
};

test('the table at the end has every key of the language, and no other', () => {
  const rules = /^(approvals\.<>)\.(?:otherwise|always|<>)(?:\[\])?\./;
  const known = keysOf(jsonSchemaOf(registry)).map((key) => key.replace(rules, '$1.<>.'));
  const [plan, block] = keysInTables();
  expect(plan.toSorted()).toEqual([...new Set(known)].sort());
  const ofBlock = keysOf(z.toJSONSchema(blockSchema, { io: 'input', unrepresentable: 'any' })).filter(
    (key) => !key.includes('.'),
  );
  expect(block.toSorted()).toEqual(ofBlock.sort());
});

const validator = () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formatsOf.default(ajv);
  return ajv.compile(JSON.parse(readFileSync(join(root, 'docs/plan.schema.json'), 'utf8')));
};

test('the JSON Schema that is kept is the one that `plan schema` prints', () => {
  expect(readFileSync(join(root, 'docs/plan.schema.json'), 'utf8')).toBe(
    `${JSON.stringify(jsonSchemaOf(registry), null, 2)}\n`,
  );
});

const shipped = ['dr-plan', 'llm-marketplace', 'omnimesh', 'openmeet', 'teei-csr'];

test('every shipped plan and those of the document are valid by the JSON Schema', () => {
  const validate = validator();
  const texts = [
    ...shipped.map((name) => readFileSync(join(root, `plans/${name}.yml`), 'utf8')),
    filesOfDocument()['plans/tulip.yml']!,
    filesOfDocument()['plans/van.yml']!,
  ];
  for (const text of texts) {
    const value = parse(text);
    validate(value);
    expect(validate.errors ?? [], value.plan).toEqual([]);
  }
});

test.each([
  ['an unknown key of the plan', 'owner: shop-team', 'owner: shop-team\nownr: x'],
  ['an unknown key of a step', 'within: 10m', 'witin: 10m'],
  [
    'an unknown key of a kind of component',
    'namespace: tulip\n    deployments',
    'namespase: tulip\n    namespace: tulip\n    deployments',
  ],
  ['an unknown action', 'uses: rds/promote-read-replica', 'uses: rds/promote'],
  ['an action where a check belongs', 'uses: postgres/answers', 'uses: rds/promote-read-replica'],
  ['an unknown kind', 'kind: route53-record', 'kind: route53-recrd'],
  ['an unknown key of an approval', 'requester: counts', 'requestor: counts'],
  ['an approval at no hour', 'weekdays 08:00-18:00 Europe/Paris', 'sometimes'],
  ['an unknown area', 'residency: eu', 'residency: mars'],
  ['a severity that there is not', 'severity: P3, propose', 'severity: P9, propose'],
])('%s is refused by the JSON Schema', (_, from, to) => {
  const validate = validator();
  const plan = filesOfDocument()['plans/tulip.yml']!;
  expect(validate(parse(plan))).toBe(true);
  expect(plan).toContain(from);
  expect(validate(parse(plan.replace(from, to)))).toBe(false);
});
