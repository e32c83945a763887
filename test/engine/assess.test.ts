import { expect, test } from 'vitest';
import type { Json, MatrixRow } from '../../src/define.ts';
import { assess } from '../../src/engine/assess.ts';
import { evolve } from '../../src/engine/evolve.ts';
import type { PerformOptions } from '../../src/engine/perform.ts';
import type { RunState } from '../../src/engine/state.ts';
import { createdOf, graphOf, step } from '../support/engine-world.ts';

const now = new Date('2026-03-01T12:00:00Z');

/** A run whose checks have answered; a check that is not given was not asked. */
const stateWith = (answers: Record<string, 'yes' | 'no' | 'unknown'>): RunState => {
  const steps = [...Object.keys(answers), 'not-asked'].map((name) =>
    step(`check-${name}`, { uses: 'world/says', informative: true }),
  );
  let seq = 0;
  const at = () => ({ seq: ++seq, at: now.toISOString(), actor: 'engine' });
  let state = evolve(null, { type: 'run.created', data: createdOf(graphOf(steps)), ...at() });
  for (const [name, answer] of Object.entries(answers))
    state = evolve(state, {
      type: 'step.succeeded',
      data: {
        step: `check-${name}`,
        seen: '',
        changed: false,
        output: { answer, because: `${name} says ${answer}` } as Json,
      },
      ...at(),
    });
  return state;
};

const row = (title: string, more: Partial<MatrixRow>): MatrixRow => ({
  title,
  failing: [],
  holding: [],
  situation: null,
  failsForSeconds: 0,
  severity: null,
  propose: { flow: 'failover', scope: title },
  waitFor: [],
  nothing: null,
  refuse: null,
  ...more,
});

const judge = (
  rows: MatrixRow[],
  answers: Record<string, 'yes' | 'no' | 'unknown'>,
  { situation = null, failingFor = {} }: { situation?: string | null; failingFor?: Record<string, number> } = {},
) => {
  const options = {
    state: stateWith(answers),
    ports: {
      clock: { speed: 1, now: () => now, wall: () => now },
      failingSince: async (plan: string, check: string, from: string, to: string) => {
        expect([plan, from, to]).toEqual(['orchard', 'north', 'south']);
        return failingFor[check] === undefined ? null : new Date(now.getTime() - failingFor[check] * 1000);
      },
    },
  } as unknown as PerformOptions;
  return assess(options, { rows, situation, from: 'north', to: 'south' });
};
const standings = ({ rows }: Awaited<ReturnType<typeof judge>>) => rows.map(({ standing }) => standing);

const first = row('first', { failing: ['check-a'], severity: 'P1' });
const second = row('second', { failing: ['check-b'] });
const refusing = row('refusing', { failing: ['check-c'], refuse: 'the copy is ill too' });

test('the first row that applies decides', async () => {
  const both = await judge([first, second], { a: 'no', b: 'no' });
  expect(standings(both)).toEqual(['applies', 'applies']);
  expect(both.proposal).toEqual({ flow: 'failover', scope: 'first', severity: 'P1' });
  expect(both.verdict).toBe('first (a says no): failover first');
  const other = await judge([first, second], { a: 'yes', b: 'no' });
  expect(standings(other)).toEqual(['does not apply', 'applies']);
  expect(other.proposal).toMatchObject({ scope: 'second' });
});

test('a check that says nothing has failed as well as one that says no', async () => {
  expect((await judge([first], { a: 'unknown' })).proposal).toMatchObject({ scope: 'first' });
});

test('every check under "when" must fail, and every one under "while" must say yes', async () => {
  const matrix = [row('both', { failing: ['check-a', 'check-b'], holding: ['check-c'] })];
  expect(standings(await judge(matrix, { a: 'no', b: 'no', c: 'yes' }))).toEqual(['applies']);
  expect(standings(await judge(matrix, { a: 'no', b: 'yes', c: 'yes' }))).toEqual(['does not apply']);
  expect(standings(await judge(matrix, { a: 'no', b: 'no', c: 'no' }))).toEqual(['does not apply']);
});

test('a row that refuses wins over those before it, and then nothing is proposed', async () => {
  const found = await judge([first, refusing], { a: 'no', c: 'no' });
  expect(found).toMatchObject({ proposal: null, refusal: 'the copy is ill too' });
  expect(found.verdict).toBe('refusing (c says no): refuse a failover: the copy is ill too; failover refusing instead');
  expect(await judge([first, refusing], { a: 'no', c: 'yes' })).toMatchObject({
    proposal: { scope: 'first' },
    refusal: null,
  });
});

test('a row that does nothing says why, and proposes nothing', async () => {
  const found = await judge([row('pod', { failing: ['check-a'], propose: null, nothing: 'it mends itself' })], {
    a: 'no',
  });
  expect(found).toMatchObject({
    proposal: null,
    refusal: null,
    verdict: 'pod (a says no): do nothing: it mends itself',
  });
});

test('a row applies only when the youngest of its failures is old enough', async () => {
  const matrix = [row('long', { failing: ['check-a', 'check-b'], failsForSeconds: 60 })];
  const soon = await judge(matrix, { a: 'no', b: 'no' }, { failingFor: { a: 600, b: 59 } });
  expect(standings(soon)).toEqual(['not yet']);
  expect(soon).toMatchObject({ proposal: null, verdict: 'Not yet: long (a says no; b says no, for 59 s of 1 min)' });
  const now60 = await judge(matrix, { a: 'no', b: 'no' }, { failingFor: { a: 600, b: 60 } });
  expect(standings(now60)).toEqual(['applies']);
  expect(standings(await judge(matrix, { a: 'no', b: 'no' }, { failingFor: { a: 600 } })), 'never watched').toEqual([
    'not yet',
  ]);
});

test('what must hold meanwhile and cannot be asked leaves the row open, and so does a check that nobody asked', async () => {
  const unsure = await judge([row('unsure', { failing: ['check-a'], holding: ['check-b'] })], {
    a: 'no',
    b: 'unknown',
  });
  expect(standings(unsure)).toEqual(['not known']);
  expect(unsure).toMatchObject({ proposal: null, verdict: 'Not known: unsure (b says unknown)' });
  const unasked = await judge([row('unasked', { failing: ['check-not-asked'] })], { a: 'yes' });
  expect(unasked.rows[0]).toMatchObject({ standing: 'not known', because: 'not asked was not asked' });
});

test('a situation applies when a person says its word, whatever the checks say, and not otherwise', async () => {
  const matrix = [row('corruption', { situation: 'corruption', refuse: 'it is there too' }), first];
  expect((await judge(matrix, { a: 'no' })).proposal).toMatchObject({ scope: 'first' });
  const said = await judge(matrix, { a: 'no' }, { situation: 'corruption' });
  expect(standings(said)).toEqual(['applies', 'applies']);
  expect(said.refusal).toBe('it is there too');
  expect(standings(await judge(matrix, { a: 'no' }, { situation: 'corrupt' }))[0]).toBe('does not apply');
});

test('what is waited for first is said with the proposal', async () => {
  const found = await judge([row('lag', { failing: ['check-a'], waitFor: ['check-replica-close'] })], { a: 'no' });
  expect(found.verdict).toBe('lag (a says no): wait until replica close, then failover lag');
});

test('when nothing is wrong, nothing has to be done', async () => {
  const found = await judge([first, second, refusing], { a: 'yes', b: 'yes', c: 'yes' });
  expect(found).toMatchObject({ proposal: null, refusal: null, verdict: 'No row applies: nothing has to be done.' });
});
