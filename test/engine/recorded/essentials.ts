import type { RecordedEvent } from '../../../src/engine/events.ts';
import { evolve } from '../../../src/engine/evolve.ts';
import type { RunState } from '../../../src/engine/state.ts';

export interface RecordedRow {
  seq: number;
  actor: string;
  type: string;
  version: number;
  data: { at: string; event: unknown };
}

/** A recorded journal, folded by today's engine. */
export const foldRows = (rows: readonly RecordedRow[]): RunState => {
  let state: RunState | null = null;
  for (const { seq, actor, type, version, data } of rows)
    state = evolve(state, { type, data: data.event, seq, actor, at: data.at } as RecordedEvent, version);
  if (!state) throw new Error('A recorded journal is empty.');
  return state;
};

/** What must never come to mean something else: how it ended, what became of each step, who said yes. */
export const essentials = (state: RunState) => ({
  outcome: state.outcome,
  unknown: state.unknown,
  aborted: state.aborted,
  rejected: state.rejected,
  haltedAt: state.haltedAt,
  steps: Object.fromEntries(
    Object.entries(state.steps).map(([id, { state: phase, tries, acts, changed, effect, seen, output }]) => [
      id,
      { state: phase, tries, acts, changed, effect, seen, output },
    ]),
  ),
  approvals: Object.fromEntries(
    Object.entries(state.approvals).map(([id, { given }]) => [
      id,
      given.map(({ person, slots, via }) => ({ person, slots, via })),
    ]),
  ),
});
