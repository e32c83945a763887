import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAwsRds } from '../../../src/systems/aws-rds/index.ts';
import { type RecoveryWorld, startRecoveryWorld } from '../../support/recovery-world.ts';

let world: RecoveryWorld;
beforeEach(async () => {
  world = await startRecoveryWorld({ planFile: join(import.meta.dirname, '../../support/harbour.yml'), speed: 100 });
});
afterEach(() => world.close());

const west = { component: 'manifest', to: 'west' };
const counts = async () => (await world.control('/ledger')).counts;
const newest = async (instance: string) =>
  (await world.sql(instance, 'SELECT max(at) AS at FROM pulse')).map(({ at }) => Date.parse(at))[0]!;
const roles = async () => {
  const kind = createAwsRds(world.sandbox.environment, {} as never).kinds.find(({ name }) => name === 'aurora-global')!;
  const view = world.plan.component('manifest');
  const of = async (place: string) => (await kind.role!(view, place, world.plan, world.step())).role;
  return [await of('east'), await of('west')];
};

test('a planned switchover moves the writer and loses nothing', async () => {
  expect(await roles()).toEqual(['active', 'standby']);
  await world.control('/lag', { seconds: 60 });
  const { output, seen } = await world.carryOut('aurora/switchover-global', west);
  expect(output).toEqual({
    endpoint: 'manifest-b.cluster-cpqr.us-west-1.rds.amazonaws.com',
    cluster: 'manifest-b',
    region: 'us-west-1',
  });
  expect(seen).toContain(
    'manifest-global is switching-over, written in eu-west-1 by manifest-a, on its way from eu-west-1 to us-west-1',
  );
  expect(await roles()).toEqual(['standby', 'active']);
  expect((await world.ask('postgres/accepts-writes', { component: 'manifest', at: 'west' })).answer).toBe('yes');
  expect((await world.ask('postgres/accepts-writes', { component: 'manifest', at: 'east' })).answer).toBe('no');
  expect(await newest('manifest-b')).toBeGreaterThanOrEqual(await newest('manifest-a'));
  await world.carryOut('aurora/switchover-global', west);
  expect(await counts()).toMatchObject({ 'rds:SwitchoverGlobalCluster': 1 });
});

test('with a member that does not answer the planned way is refused, and the unplanned one goes', async () => {
  await world.control('/faults', { kind: 'region-down', region: 'eu-west-1' });
  const planned = world.carryOut('aurora/switchover-global', west);
  await expect(planned).rejects.toThrow(
    /no planned switchover, as manifest-a in eu-west-1 does not answer .*Nothing was changed/,
  );
  const { output } = await world.carryOut('aurora/failover-global', west);
  expect(output).toMatchObject({ cluster: 'manifest-b', region: 'us-west-1' });
  expect(await counts()).toEqual({ 'rds:FailoverGlobalCluster': 1 });
  expect(await roles()).toEqual(['standby', 'active']);
}, 30_000);

test('what did not arrive before a failover is lost, and the old primary follows when it is back', async () => {
  await world.control('/lag', { seconds: 120 });
  await expect.poll(async () => (await newest('manifest-a')) - (await newest('manifest-b'))).toBeGreaterThan(60_000);
  const before = await newest('manifest-a');
  await world.control('/faults', { kind: 'region-down', region: 'eu-west-1' });
  const { entries } = await (async () => {
    await world.carryOut('aurora/failover-global', west);
    return world.control('/ledger');
  })();
  const accepted = new Date(entries[0].acceptedAt).toISOString();
  const [lost] = await world.sql('manifest-b', 'SELECT count(*)::int AS n FROM pulse WHERE at > $1 AND at <= $2', [
    new Date(before - 30_000).toISOString(),
    accepted,
  ]);
  expect(lost!['n']).toBe(0);
  await fetch(`${world.sandbox.controlUrl}/faults`, { method: 'DELETE' });
  const back = { component: 'manifest', to: 'east' };
  await expect
    .poll(
      async () =>
        (
          await world
            .action('aurora/switchover-global')
            .observe(world.action('aurora/switchover-global').resolve(back, world.plan), world.step())
        ).state,
      { timeout: 20_000 },
    )
    .toBe('todo');
}, 40_000);

test('each says in its summary which it is', () => {
  expect(world.action('aurora/switchover-global').summary).toContain('planned, loses nothing');
  expect(world.action('aurora/failover-global').summary).toContain('unplanned, may lose data');
});
