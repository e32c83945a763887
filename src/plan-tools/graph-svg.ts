import { sayDuration } from '../plan/duration.ts';
import type { Graph, Step } from '../plan/graph.ts';
import { sayGraph } from './graph-text.ts';
import { impliedBy, layout } from './layout.ts';

const box = { width: 216, height: 46, gapX: 54, gapY: 14 };
const margin = { left: 24, top: 84 };

const colours: Record<Step['effect'], { fill: string; stroke: string }> = {
  change: { fill: '#fde8e4', stroke: '#b3402a' },
  read: { fill: '#e8f0fb', stroke: '#3567a8' },
  notice: { fill: '#f3f3f0', stroke: '#8b8b80' },
};

/**
 * The steps of a graph from left to right, one column for each layer, the longest path drawn bold: a standalone SVG
 * without scripts, fonts or links. Steps that only a halt or a failure begins are left out.
 */
export const graphSvg = (graph: Graph): string => {
  const { layers, critical, seconds } = layout(graph.steps);
  const implied = impliedBy(graph.steps);
  const onPath = new Set(critical.map(({ id }) => id));
  const at = new Map<string, { x: number; y: number }>();
  // What decides how long it takes stands on top.
  for (const [column, layer] of layers.entries())
    for (const [row, step] of layer.toSorted((a, b) => Number(onPath.has(b.id)) - Number(onPath.has(a.id))).entries())
      at.set(step.id, {
        x: margin.left + column * (box.width + box.gapX),
        y: margin.top + row * (box.height + box.gapY),
      });
  const steps = layers.flat();
  const width = margin.left * 2 + layers.length * box.width + (layers.length - 1) * box.gapX;
  const height = margin.top + Math.max(...layers.map(({ length }) => length)) * (box.height + box.gapY) + 20;
  const edges = steps.flatMap((step) => {
    const hidden = implied(step);
    const waits = [...new Set([...step.needs, ...step.after])].filter((id) => at.has(id) && !hidden.has(id));
    return waits.map((id) => {
      const start = at.get(id)!;
      const end = at.get(step.id)!;
      const [x1, y1] = [start.x + box.width, start.y + box.height / 2];
      const [x2, y2] = [end.x, end.y + box.height / 2];
      const bend = Math.min(60, (x2 - x1) / 2);
      const isOnPath = onPath.has(id) && onPath.has(step.id);
      return `<path d="M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}" class="${isOnPath ? 'path' : 'edge'}${step.needs.includes(id) ? '' : ' after'}"/>`;
    });
  });
  const boxes = steps.map((step) => {
    const { x, y } = at.get(step.id)!;
    const { fill, stroke } = colours[step.effect];
    const isOnPath = onPath.has(step.id);
    const time = step.expectedSeconds > 0 ? sayDuration(step.expectedSeconds) : '';
    return [
      `<g><title>${escapeXml(`${step.title} (${step.uses})`)}</title>`,
      `<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="6" fill="${fill}" stroke="${stroke}" stroke-width="${isOnPath ? 3 : 1}"/>`,
      `<text x="${x + 10}" y="${y + 19}" class="id">${escapeXml(cut(step.id, 29))}</text>`,
      `<text x="${x + 10}" y="${y + 36}" class="uses">${escapeXml(cut(step.uses, 26))}</text>`,
      `<text x="${x + box.width - 10}" y="${y + 36}" class="time">${escapeXml(time)}</text></g>`,
    ].join('');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    '<style>text{font-family:system-ui,sans-serif;fill:#1f2328}.title{font-size:20px;font-weight:600}.note{font-size:13px;fill:#57606a}.id{font-size:13px;font-weight:600}.uses{font-size:11px;fill:#57606a}.time{font-size:11px;text-anchor:end}path{fill:none}.edge{stroke:#a8b0b8;stroke-width:1}.path{stroke:#1f2328;stroke-width:3}.after{stroke-dasharray:4 3}</style>',
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<text x="${margin.left}" y="34" class="title">${escapeXml(sayGraph(graph))}</text>`,
    `<text x="${margin.left}" y="58" class="note">${escapeXml(`${steps.length} steps; the longest path is bold: ${sayDuration(seconds)} without what people take to answer. Red changes, blue looks, grey tells; a dashed line waits for an end, good or bad.`)}</text>`,
    ...edges,
    ...boxes,
    '</svg>',
  ].join('\n');
};

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
