import { expect, test } from 'vitest';
import type { Action, System } from '../src/define.ts';
import { guarded } from '../src/guarded-systems.ts';

const token = ['xoxb', '1234567890', 'abcdefgh'].join('-');
const context = {} as never;

const system = (reversible: object): System => ({
  name: 'made-up',
  kinds: [],
  close: async () => {},
  checks: [
    {
      name: 'made-up/says',
      ask: async () => ({ answer: 'no', because: token, facts: { output: token, code: 7 } }),
    } as never,
  ],
  actions: [
    {
      name: 'made-up/acts',
      observe: async () => ({ state: 'done', seen: token, output: { logs: token, at: 3 } }),
      act: async () => {
        throw new Error(`refused: ${token}`);
      },
      preview: async () => [{ resource: 'x', now: token, then: 'y' }],
      reversible,
    } as unknown as Action,
  ],
});

test('what a system says is free of secrets: answers, facts, outputs, previews and errors', async () => {
  const { actions, checks } = guarded(system({ no: 'made up' }));
  const said = [
    await checks[0]!.ask({}, context),
    await actions[0]!.observe({}, context),
    await actions[0]!.preview({}, context),
    await actions[0]!.act({}, context).catch((error: Error) => error.message),
  ];
  expect(JSON.stringify(said)).not.toContain(token);
  expect(said[1]).toEqual({
    state: 'done',
    seen: '[redacted: Slack token]',
    output: { logs: '[redacted: Slack token]', at: 3 },
  });
});

test('what stood there before is put back as it was or not at all, and never as what the journal wrote instead', async () => {
  const acts: unknown[] = [];
  const undo = {
    undo: 'put it back',
    before: async () => ({}),
    observe: async (_: unknown, before: unknown) => ({ state: 'todo', seen: JSON.stringify(before) }),
    act: async (_: unknown, before: unknown) => void acts.push(before),
  };
  const { reversible } = guarded(system(undo)).actions[0]! as { reversible: any };
  expect(await reversible.observe({}, { LEVEL: 'debug' }, context)).toEqual({
    state: 'todo',
    seen: '{"LEVEL":"debug"}',
  });
  for (const before of [{ URL: '[redacted: Slack token]' }, { URL: token }])
    expect(await reversible.observe({}, before, context)).toMatchObject({
      state: 'impossible',
      seen: expect.stringMatching(/by hand/),
    });
});
