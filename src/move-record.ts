import type { Json, MoveRecord, RecordedChange } from './define.ts';
import { mayHaveChanged, type RunState } from './engine/state.ts';
import { undoIdOf } from './plan/graph.ts';
import { substitute } from './plan/references.ts';

/** What a run moved, as its journal has it: each change that stands, in the order in which it was made. */
export const moveRecord = (state: RunState): MoveRecord => {
  const { run, graph } = state.created;
  const changed = graph.steps
    .filter((step) => step.kind === 'action' && step.effect === 'change' && mayHaveChanged(state.steps[step.id]!))
    .filter((step) => state.steps[undoIdOf(step.id)]?.state !== 'succeeded')
    .sort((a, b) => endOf(state, a.id) - endOf(state, b.id))
    .map((step): RecordedChange => {
      const { before, output } = state.steps[step.id]!;
      return {
        step: step.id,
        title: step.title,
        phase: step.phase,
        uses: step.uses,
        version: step.version,
        input: substitute(step.input, ({ $step, $output }) => {
          const found = state.steps[$step]?.output as Record<string, Json> | null | undefined;
          return found?.[$output] ?? null;
        }),
        before,
        output,
        resources: step.resources,
        stays: step.stays ?? null,
      };
    });
  return { run, flow: graph.flow, scope: graph.scope, from: graph.from ?? '', to: graph.to ?? '', changed };
};

const endOf = (state: RunState, id: string): number =>
  Date.parse(state.steps[id]!.endedAt ?? state.steps[id]!.actedAt ?? state.createdAt);
