import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/engine/decide.ts';
import { essentials, foldRows } from './recorded/essentials.ts';

const folder = join(import.meta.dirname, 'recorded');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.jsonl'))
  .map((name) => name.slice(0, -'.jsonl'.length));

/** Journals as earlier commits wrote them: they lie in people's databases, and must mean today what they meant then. */
describe('a journal recorded by an earlier commit', () => {
  it('is there for each way in which a run can end', () => {
    expect(names).toEqual(expect.arrayContaining(['aborted', 'failover-region', 'rejected', 'restore']));
  });

  it.each(names)('%s still folds to the same state', (name) => {
    const lines = readFileSync(join(folder, `${name}.jsonl`), 'utf8')
      .trim()
      .split('\n');
    const rows = lines.map((line) => JSON.parse(line));
    const { essentials: then } = rows.pop();
    const state = foldRows(rows);
    // What is recorded as JSON has no `undefined`.
    expect(JSON.parse(JSON.stringify(essentials(state)))).toEqual(then);
    expect(state.unknown).toBeNull();
    expect(decide(state, new Date(rows.at(-1).data.at)).events).toEqual([]);
  });

  it.each(names)('%s holds no secret', (name) => {
    const text = readFileSync(join(folder, `${name}.jsonl`), 'utf8');
    expect(text).not.toMatch(/xox[abp]-|xapp-|AKIA|-----BEGIN|password"\s*:\s*"/i);
  });
});
