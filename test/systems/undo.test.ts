import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Action, Undo } from '../../src/define.ts';
import { MaydayError } from '../../src/errors.ts';
import { type RecoveryWorld, startRecoveryWorld } from '../support/recovery-world.ts';

let world: RecoveryWorld;
/** Every test leaves its world as it found it, so those of one plan share one. */
const worlds = new Map<string, RecoveryWorld>();
afterAll(async () => {
  for (const each of worlds.values()) await each.close();
});

const enter = async (name: string, planFile?: string): Promise<void> => {
  const known = worlds.get(name);
  world = known ?? (await startRecoveryWorld(planFile === undefined ? {} : { planFile }));
  worlds.set(name, world);
};

const south = { cluster: 'south', namespace: 'cider' };

const harbour = join(import.meta.dirname, '../support/harbour.yml');
const docks = { cluster: 'east', namespace: 'docks' };

/** One use of each action that can be taken back; a test below holds this list against the actions themselves. */
const uses: Record<string, object> = {
  'kubernetes/scale': { ...south, deployment: 'mill', replicas: 3 },
  'kubernetes/patch-secret': { ...south, secret: 'crates-login', data: { host: 'elsewhere', extra: 'new' } },
  'kubernetes/patch-configmap': { ...south, configmap: 'storage', data: { bucket: 'barn-z', more: 'yes' } },
  'kubernetes/set-configmap': { ...south, configmap: 'made-anew', data: { status: 'active' } },
  'elasticache/increase-replicas': { component: 'larder', at: 'south', replicas: 3 },
  'route53/switch-weights': { component: 'gate', to: 'south' },
  'postgres/make-read-only': { component: 'crates', at: 'north' },
};

/** The same of stores that people run by themselves, in a world of their own. */
const usesOfStores: Record<string, object> = {
  'postgres/pause-replay': { component: 'blocks', at: 'lower' },
  'clickhouse/stop-fetches': { component: 'tally', at: 'lower' },
  'patroni/pause': { component: 'mortar', at: 'upper' },
  'patroni/resume': { component: 'mortar', at: 'upper' },
};
/** What must have been done before there is anything to do. */
const earlierUses: Record<string, string> = { 'patroni/resume': 'patroni/pause' };
const stores = join(import.meta.dirname, '../support/quarry.yml');
/** The same of those that the first plan has nothing for. */
const harbourUses: Record<string, object> = {
  'kubernetes/set-env': { ...docks, deployment: 'loader', env: { BERTH: '7', FLAG: 'blue' } },
  'kubernetes/patch': { ...docks, kind: 'Deployment', name: 'loader', patch: { spec: { replicas: 4, paused: null } } },
  'rds/rename-instance': { component: 'ledgers', at: 'east', name: 'ledgers-old' },
  'route53/switch-failover': { component: 'beacon', to: 'west' },
  'route53/switch-alias': { component: 'gangway', to: 'west' },
  'ecs/scale-service': { component: 'ferries', at: 'west', tasks: 4 },
  'autoscaling/set-capacity': { component: 'tugs', at: 'west', capacity: 5 },
  'cloudflare/switch-record': { component: 'pennant', to: 'west' },
};

const undoOf = (action: Action): Undo => {
  if ('no' in action.reversible) throw new Error(`${action.name} cannot be taken back`);
  return action.reversible;
};

/** As the engine does it: what was certainly not taken, such as a 409 because a controller wrote meanwhile, is asked again. */
const patiently = async (act: () => Promise<unknown>): Promise<unknown> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await act();
    } catch (error) {
      const isPassing = error instanceof MaydayError && error.retryable && error.effect === 'not-made';
      if (!isPassing || tries === 10) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20 * tries));
    }
  }
};

/** Looks until it is done, acting at most as often as it says that it must. */
const settle = async (look: () => ReturnType<Action['observe']>, act?: () => Promise<unknown>): Promise<number> => {
  let acts = 0;
  for (;;) {
    const seen = await look();
    if (seen.state === 'done') return acts;
    if (seen.state === 'todo' && act && acts < 3) {
      acts += 1;
      await patiently(act);
    } else if (seen.state !== 'changing') throw new Error(seen.seen);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/** What the undo must bring back; versions of objects and the time move on by themselves. */
const storesNow = async () => {
  const { instances } = await world.control('/world');
  const [{ config }] = await world.control('/patroni');
  const fetching = (await world.control('/clickhouse')).map((one: { fetching: boolean }) => one.fetching);
  return { config, fetching, replayPaused: instances.map((one: { replayPaused: boolean }) => one.replayPaused) };
};

const plantsNow = async () => {
  const { now: _, ...rest } = await world.control('/world');
  rest.instances.sort((one: { id: string }, other: { id: string }) => one.id.localeCompare(other.id));
  rest.records.sort((one: object, other: object) => JSON.stringify(one).localeCompare(JSON.stringify(other)));
  if (world.plan.plan === 'harbour') return rest;
  const weights = rest.records.map((record: { values: string[]; weight: number }) => [record.values, record.weight]);
  const { answer: writable } = await world.ask('postgres/accepts-writes', { component: 'crates', at: 'north' });
  return { clusters: rest.clusters, groups: rest.groups, weights, writable };
};

const worldNow = () => (world.plan.plan === 'quarry' ? storesNow() : plantsNow());

describe.each(Object.entries({ ...uses, ...usesOfStores, ...harbourUses }))('%s', (name, written) => {
  const prepare = async () => {
    const planFile = name in usesOfStores ? stores : name in harbourUses ? harbour : undefined;
    // Two actions on one Deployment would find each other's marks, as these tests have one step only.
    await enter(name === 'kubernetes/patch' ? name : (planFile ?? 'orchard'), planFile);
    const action = world.action(name);
    const input = action.input.parse(action.resolve(action.with.parse(written), world.plan));
    const undo = undoOf(action);
    const earlier = earlierUses[name];
    if (earlier) await world.carryOut(earlier, written);
    return { action, input, undo };
  };

  test('every act repeated makes one effect, and every undo repeated brings back what was there', async () => {
    const { action, input, undo } = await prepare();
    const earlier = await worldNow();
    const before = await undo.before(input, world.step());
    const observe = () => action.observe(input, world.step());
    expect(await settle(observe, () => action.act(input, world.step()))).toBe(1);
    const changed = await worldNow();
    expect(changed).not.toEqual(earlier);
    // A second act of the same step: refused by the service, or without effect.
    await action.act(input, world.step()).catch(() => {});
    await settle(observe);
    expect(await worldNow()).toEqual(changed);

    const look = () => undo.observe(input, before, world.step());
    expect(await settle(look, () => undo.act(input, before, world.step()))).toBe(1);
    expect(await worldNow()).toEqual(earlier);
    await undo.act(input, before, world.step()).catch(() => {});
    await settle(look);
    expect(await worldNow()).toEqual(earlier);
  });

  test('an undo of what never happened changes nothing', async () => {
    const { input, undo } = await prepare();
    const { entries: earlier } = await world.control('/ledger');
    const before = await undo.before(input, world.step());
    expect((await undo.observe(input, before, world.step())).state).toBe('done');
    expect((await world.control('/ledger')).entries).toHaveLength(earlier.length);
  });
});

test('what somebody else has changed since is not overwritten', async () => {
  await enter('somebody else');
  for (const [name, written, other] of [
    ['kubernetes/scale', uses['kubernetes/scale']!, { ...south, deployment: 'mill', replicas: 4 }],
    [
      'kubernetes/patch-configmap',
      uses['kubernetes/patch-configmap']!,
      { ...south, configmap: 'storage', data: { bucket: 'barn-y' } },
    ],
  ] as const) {
    const action = world.action(name);
    const input = action.input.parse(action.resolve(action.with.parse(written), world.plan));
    const undo = undoOf(action);
    const before = await undo.before(input, world.step());
    await settle(
      () => action.observe(input, world.step()),
      () => action.act(input, world.step()),
    );
    const theirs = action.input.parse(action.resolve(action.with.parse(other), world.plan));
    const somebody = { ...world.step(), key: 'run-2/step-9' };
    await action.act(theirs, somebody);
    expect(await undo.observe(input, before, world.step())).toMatchObject({ state: 'impossible' });
  }
});

test('every action that says that it can be taken back is tried above', async () => {
  await enter('orchard');
  const reversible = world.actions().filter((action) => action.effect === 'change' && !('no' in action.reversible));
  expect(reversible.map(({ name }) => name).sort()).toEqual(
    Object.keys({ ...uses, ...usesOfStores, ...harbourUses }).sort(),
  );
});
