import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAwsEcs } from '../../../src/systems/aws-ecs/index.ts';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld({ planFile: join(import.meta.dirname, '../../support/harbour.yml'), speed: 60 });
});
afterEach(() => world.close());

const west = { component: 'ferries', at: 'west' };

test('a service is scaled and done only when its tasks run', async () => {
  const { output, seen } = await world.carryOut('ecs/scale-service', { ...west, tasks: 4 });
  expect(output).toEqual({ service: 'ferries', tasks: 4, running: 4 });
  expect(seen[0]).toBe('ferries: 1 of 1 tasks run');
  expect(seen).toContain('ferries: 1 of 4 tasks run, 3 pending');
  await world.carryOut('ecs/scale-service', { ...west, tasks: 2 });
  const { counts, entries } = await world.control('/ledger');
  expect(counts).toEqual({ 'ecs:UpdateService': 1 });
  expect(entries[0].resource).toBe('ecs:us-west-1:sea-west/ferries');
  expect((await world.ask('ecs/service-stable', west)).facts).toEqual({ wanted: 4, running: 4 });
});

test('whoever writes is stopped exactly, as its kind says', async () => {
  const kind = createAwsEcs(world.sandbox.environment, {} as never).kinds[0]!;
  const [stop] = kind.stop!(world.plan.component('ferries'), 'east', world.plan);
  const { output } = await world.carryOut(stop!.uses, stop!.with);
  expect(output).toEqual({ service: 'ferries', tasks: 0, running: 0 });
  expect(await kind.describe!(world.plan.component('ferries'), 'east', world.plan, world.step())).toBe(
    'ferries: 0 of 0 tasks run',
  );
});

test('a service that is under way is not stable, and one in a dead Region is not known', async () => {
  const action = world.action('ecs/scale-service');
  await action.act(action.input.parse(action.resolve({ ...west, tasks: 3, exactly: false }, world.plan)), world.step());
  expect((await world.ask('ecs/service-stable', west)).answer).toBe('no');
  await world.control('/faults', { kind: 'region-down', region: 'us-west-1' });
  expect((await world.ask('ecs/service-stable', west)).answer).toBe('unknown');
});
