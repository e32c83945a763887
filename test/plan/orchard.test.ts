import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { flows } from '../../flows/index.ts';
import { parsePlan } from '../../src/plan/plan.ts';
import { createPlanStore } from '../../src/plan/plan-store.ts';
import { viewPlan } from '../../src/plan/view.ts';
import { graphOf, variantsOf } from '../../src/plan-tools/variants.ts';
import { dummyEnvironment, freezePlan, realRegistry } from '../support/plans.ts';

const registry = realRegistry();
const orchard = readFileSync(join(import.meta.dirname, 'orchard.yml'), 'utf8');
const scopesOf = (flow: string): string[] => {
  const plan = parsePlan('orchard.yml', orchard, registry, () => '');
  const view = viewPlan(plan, registry);
  const found = view.scopes(flow).filter((scope) => flow !== 'failover' || scope in plan.text.scopes);
  return found;
};
const cases = flows.flatMap(({ name, approval }) =>
  (approval === undefined ? ['all'] : scopesOf(name)).map((scope) => [name, scope] as const),
);

test.each(cases)('a made-up plan freezes for %s of %s', (flow, scope) => {
  const known: Record<string, string> = { channel: 'C0STORM01', pagerduty: 'QSTORM01', statuspage: 'inc-storm' };
  for (const incident of [{}, known]) {
    const graph = freezePlan(registry, orchard, flow, scope, {}, incident);
    expect(graph.hash).toMatch(/^[0-9a-f]{64}$/);
    const ids = graph.steps.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const step of graph.steps) {
      expect(ids).toEqual(expect.arrayContaining([...step.needs, ...step.after]));
      // What is changed is fixed before anybody approves it.
      if (step.effect === 'change') expect(step.resources.length).toBeGreaterThan(0);
      for (const resource of step.resources) expect(resource).not.toMatch(/a-value-of-another-step|\{\{/);
    }
  }
});

test.each(cases.filter(([flow]) => ['failover', 'restore'].includes(flow)))(
  'in %s of %s nothing changes a system that is protected before the approval',
  (flow, scope) => {
    const { steps } = freezePlan(registry, orchard, flow, scope);
    const byId = new Map(steps.map((step) => [step.id, step]));
    const waitsFor = (id: string): string[] => byId.get(id)!.needs.flatMap((need) => [need, ...waitsFor(need)]);
    const changing = steps.filter(({ effect }) => effect === 'change');
    expect(changing.length).toBeGreaterThan(0);
    for (const step of changing) expect(waitsFor(step.id), step.id).toContain('approve');
  },
);

test('failing over claims its components and every resource that it changes', () => {
  const graph = freezePlan(registry, orchard, 'failover', 'everything');
  expect(graph.claims).toEqual(
    expect.arrayContaining([
      'component:orchard/crates',
      'component:orchard/gate',
      'rds:ap-south-1:crates-b',
      'kubernetes:orchard-south:cider/deployment/mill',
      'route53:ZORCHARD:www.orchard.example',
    ]),
  );
  expect(graph.claims).toEqual([...graph.claims].sort());
  expect(freezePlan(registry, orchard, 'status', 'all').claims).toEqual([]);
});

test('the same procedure goes to a third Region and back without another text', () => {
  const to = (place: string) =>
    JSON.stringify(freezePlan(registry, orchard, 'failover', 'crates', { from: 'south', to: place }).steps);
  expect(to('west')).toContain('crates-c');
  expect(to('north')).toContain('crates-a');
});

test('a reference becomes an edge and stays a reference; names become targets', () => {
  const { steps } = freezePlan(registry, orchard, 'failover', 'crates');
  const lead = steps.find(({ id }) => id === 'lead')!;
  expect(lead.needs).toContain('raise');
  expect(JSON.stringify(lead.input)).toContain('{"$step":"raise","$output":"endpoint"}');
  expect(JSON.stringify(lead.input)).toContain('orchard-south');
});

test('the hash changes with everything that an approval is about', () => {
  const hash = (yaml = orchard, more = {}, flow = 'failover') =>
    freezePlan(registry, yaml, flow, 'everything', more).hash;
  const base = hash();
  expect(hash()).toBe(base);
  const edits = [
    orchard.replace('replicas: 4 }', 'replicas: 5 }'),
    orchard.replace('within: 5m', 'within: 6m'),
    orchard.replace('timeout: 20m', 'timeout: 21m'),
    orchard.replace('loss-below 5m', 'loss-below 6m'),
    orchard.replace('crates-b\n', 'crates-d\n'),
    orchard.replace('expires: 20m', 'expires: 21m'),
    orchard.replace('all-of: [pickers]', 'all-of: [elders]'),
    orchard.replace('MOVE IT', 'MOVE'),
    `${orchard}\n# a remark`,
  ];
  const others = [
    ...edits.map((yaml) => {
      expect(yaml).not.toBe(orchard);
      return hash(yaml);
    }),
    hash(orchard, { to: 'west' }),
    hash(orchard, { reason: 'another storm' }),
    hash(orchard, { requestedAt: '2026-03-02T09:00:00.000Z' }),
    freezePlan(registry, orchard, 'failover', 'crates').hash,
  ];
  expect(new Set([base, ...others]).size).toBe(others.length + 1);
});

test('the hash says nothing of the order in which keys were written', () => {
  const turned = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(turned)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([key, member]) => [key, turned(member)]),
          )
        : value;
  // Steps keep the order in which a plan lists them; inputs, which are what a service is sent, have none.
  const plan = parse(orchard);
  const reordered = parse(orchard);
  for (const procedures of Object.values<any>(reordered.procedures))
    for (const procedure of Object.values<any>(procedures))
      for (const step of Object.values<any>(procedure.steps ?? {})) step.with = turned(step.with);
  const inputs = (value: unknown) => freezePlan(registry, stringify(value), 'failover', 'everything').steps;
  expect(inputs(reordered)).toEqual(inputs(plan));
});

test('every shipped plan freezes for every flow and scope', () => {
  const plans = createPlanStore(dummyEnvironment.MAYDAY_PLANS, registry);
  expect(plans.all().size).toBeGreaterThan(0);
  for (const plan of plans.all().values())
    for (const variant of variantsOf(viewPlan(plan, registry)))
      expect(graphOf(plan, registry, variant).hash).toMatch(/^[0-9a-f]{64}$/);
});
