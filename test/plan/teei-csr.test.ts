import { expect, test } from 'vitest';
import { readPlan } from '../../src/plan/plan.ts';
import { viewPlan } from '../../src/plan/view.ts';
import { graphOf, usualVariant } from '../../src/plan-tools/variants.ts';
import { registry } from '../support/mill.ts';

test('T6: the criteria of the document stand in the graph of the Region failover, which takes itself back by them', () => {
  const plan = readPlan('plans/teei-csr.yml', registry);
  const graph = graphOf(plan, registry, usualVariant(viewPlan(plan, registry), 'failover', 'region'));
  const of = (uses: string) => graph.steps.find((step) => step.uses === uses)!.input as any;
  // More than three of the six critical services, or customers' errors above 5 %, or ten minutes.
  expect(of('engine/criteria')).toMatchObject({ moreThan: 3, each: [{ name: 'customer-errors-low' }] });
  expect(of('engine/criteria').some.map(({ name }: any) => name)).toEqual([
    'api-healthy',
    'profile-healthy',
    'reporting-healthy',
    'q2q-healthy',
    'impact-healthy',
    'site-healthy',
  ]);
  expect(of('engine/deadline').seconds).toBe(600);
  expect(graph.unwind).toEqual(expect.arrayContaining(['failed', 'aborted']));
  expect(of('engine/approval').mayAbort.map(({ name }: any) => name)).toEqual(['executives']);
});
