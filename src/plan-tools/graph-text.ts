import { sayDuration } from '../plan/duration.ts';
import type { Graph, Step } from '../plan/graph.ts';
import { impliedBy, layout } from './layout.ts';

/** The steps of a flow layer by layer; what stands in one layer runs side by side. The longest path is marked. */
export const graphText = (graph: Graph): string[] => {
  const { layers, critical, seconds, only } = layout(graph.steps);
  const implied = impliedBy(graph.steps);
  const draw = (step: Step) => line(step, critical.includes(step), implied(step));
  return [
    `${sayGraph(graph)}: ${graph.steps.length} steps in ${layers.length} layers.`,
    `Longest path (*), notices and people's answers not counted: ${sayDuration(seconds)}.`,
    ...layers.flatMap((layer, i) => ['', `${i + 1}`, ...layer.map(draw)]),
    ...(only.length > 0 ? ['', 'Only when something stops', ...only.map(draw)] : []),
  ];
};

/** What a graph is about, in one line. */
export const sayGraph = ({ flow, scope, title, from, to }: Graph): string =>
  `${flow} of ${scope} of ${title}${from && to && from !== to ? `, ${from} → ${to}` : to ? `, in ${to}` : ''}`;

/** A step with what it waits for directly; what those wait for themselves is left out. `(x)`: however x has ended. */
const line = (step: Step, isCritical: boolean, implied: ReadonlySet<string>): string => {
  const waits = [
    ...step.needs.filter((id) => !implied.has(id)),
    ...step.after.filter((id) => !implied.has(id) && !step.needs.includes(id)).map((id) => `(${id})`),
  ];
  // Of the engine's own steps only a wait has a length that is known before.
  const time = step.uses.startsWith('engine/') && step.expectedSeconds === 0 ? '' : sayDuration(step.expectedSeconds);
  return `  ${isCritical ? '*' : ' '} ${step.id.padEnd(36)} ${step.uses.padEnd(32)} ${time.padStart(9)}${waits.length > 0 ? `  ← ${waits.join(', ')}` : ''}`;
};
