import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Graph } from '../../src/plan/graph.ts';
import { readPlan } from '../../src/plan/plan.ts';
import { viewPlan } from '../../src/plan/view.ts';
import { diffGraphs, diffPlans } from '../../src/plan-tools/diff.ts';
import { graphSvg } from '../../src/plan-tools/graph-svg.ts';
import { graphText } from '../../src/plan-tools/graph-text.ts';
import { shellRunbook } from '../../src/plan-tools/preview.ts';
import { graphOf, variantsOf } from '../../src/plan-tools/variants.ts';
import { graphIn, mill, planOf, procedure, registry } from '../support/mill.ts';

const shipped = ['dr-plan', 'llm-marketplace', 'omnimesh', 'openmeet', 'teei-csr'];

/** One graph of every flow and scope, in both directions, of a shipped plan. */
const graphsOf = (name: string): Graph[] => {
  const plan = readPlan(join(import.meta.dirname, `../../plans/${name}.yml`), registry);
  const seen = new Set<string>();
  return variantsOf(viewPlan(plan, registry)).flatMap((variant) => {
    const key = [variant.flow.name, variant.scope, variant.from, variant.to].join(' ');
    if (seen.has(key)) return [];
    seen.add(key);
    return [graphOf(plan, registry, variant)];
  });
};
const isExtra = ({ onHalt, onFailure, undoes }: Graph['steps'][number]) => onHalt || onFailure || undoes !== undefined;

/** Throws where tags are not closed in order, an attribute is not quoted, or a character is not escaped. */
const elementsOf = (xml: string): { name: string; text: string }[] => {
  const open: { name: string; text: string }[] = [];
  const all: { name: string; text: string }[] = [];
  let rest = xml;
  while (rest !== '') {
    const tag = /^<(\/?)([a-z]+)((?: [A-Za-z:-]+="[^"<&]*(?:&(?:amp|lt|gt|quot);[^"<&]*)*")*)(\/?)>/.exec(rest);
    const text = tag ? null : /^(?:[^<&]|&(?:amp|lt|gt|quot);)+/.exec(rest);
    if (!tag && !text) throw new Error(`not well-formed at: ${rest.slice(0, 60)}`);
    if (text) {
      if (open.length > 0) open.at(-1)!.text += text[0];
      else if (text[0].trim() !== '') throw new Error(`text outside: ${text[0]}`);
    } else if (tag![1] === '/') {
      if (open.pop()?.name !== tag![2]) throw new Error(`closes ${tag![2]}, which is not open`);
    } else {
      const element = { name: tag![2]!, text: '' };
      all.push(element);
      if (tag![4] !== '/') open.push(element);
    }
    rest = rest.slice((tag ?? text)![0].length);
  }
  if (open.length > 0) throw new Error(`${open.at(-1)!.name} is not closed`);
  return all;
};
const unescaped = (text: string) =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

describe.each(shipped)('%s', (name) => {
  const graphs = graphsOf(name);

  test('each graph as text draws every step once, and no step before what it waits for', () => {
    expect(graphs.length).toBeGreaterThan(10);
    for (const graph of graphs) {
      const lines = graphText(graph);
      expect(lines[0]).toContain(`${graph.flow} of ${graph.scope} of ${graph.title}`);
      const drawn = lines.filter((line) => /^ {2}[* ] \S/.test(line)).map((line) => line.slice(4).split(' ')[0]!);
      expect(drawn.toSorted()).toEqual(graph.steps.map(({ id }) => id).sort());
      for (const step of graph.steps.filter((each) => !isExtra(each)))
        for (const need of step.needs)
          expect(drawn.indexOf(need), `${step.id} needs ${need}`).toBeLessThan(drawn.indexOf(step.id));
    }
  });

  test('each graph as a picture is well-formed, without scripts or links, and has every step once', () => {
    for (const graph of graphs) {
      const svg = graphSvg(graph);
      const elements = elementsOf(svg);
      const names = new Set(elements.map((each) => each.name));
      expect(['svg', 'style', 'rect', 'text', 'path', 'g', 'title']).toEqual(expect.arrayContaining([...names]));
      const waiting = graph.steps.filter((step) => !isExtra(step) && step.needs.length > 0);
      expect(elements.filter((each) => each.name === 'path').length).toBeGreaterThanOrEqual(waiting.length);
      expect(svg).not.toMatch(/<script|href|url\(|@import/);
      const titles = elements.filter((each) => each.name === 'title').map(({ text }) => unescaped(text));
      const steps = graph.steps.filter((step) => !isExtra(step)).map(({ title, uses }) => `${title} (${uses})`);
      expect(titles.sort()).toEqual(steps.sort());
    }
  });

  test('each graph as a script is one that bash can read, and asks before each change', () => {
    // Both directions are written in the same way.
    const once = [...new Map(graphs.map((graph) => [`${graph.flow} ${graph.scope}`, graph])).values()];
    for (const graph of once) {
      const lines = shellRunbook(graph, registry);
      const read = spawnSync('bash', ['-n'], { input: lines.join('\n'), encoding: 'utf8' });
      expect(read.stderr, `${graph.flow} ${graph.scope}`).toBe('');
      expect(read.status).toBe(0);
      const changes = graph.steps.filter(
        ({ effect, undoes, phase }) =>
          effect === 'change' && undoes === undefined && ['fence', 'execute', 'verify'].includes(phase),
      );
      const manual = graph.steps.filter(({ uses }) => uses === 'engine/manual');
      expect(lines.filter((line) => line.startsWith('change ')).length).toBe(changes.length);
      expect(lines.filter((line) => line.startsWith('by_hand ')).length).toBeGreaterThanOrEqual(manual.length);
    }
  });
});

test('the script of a failover of omnimesh is what its document types, with the names filled in', () => {
  const graph = graphsOf('omnimesh').find(
    ({ flow, scope, to }) => flow === 'failover' && scope === 'region' && to === 'oregon',
  )!;
  const script = shellRunbook(graph, registry);
  const inOrder = [
    'aws rds promote-read-replica --region us-west-2 --db-instance-identifier omnimesh-prod-replica-us-west-2',
    'kubectl --context omnimesh-prod-us-west-2 --namespace omnimesh-core patch secret database-credentials',
    'aws route53 change-resource-record-sets --hosted-zone-id Z1234567890',
    "curl --silent --show-error --fail --max-time 4 --write-out '%{http_code}' https://api.omnimesh.com/health",
  ].map((line) => script.findIndex((each) => each.trimStart().startsWith(line)));
  expect(inOrder).not.toContain(-1);
  expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
  for (const [deployment, replicas] of [
    ['nexus-prime-core', 5],
    ['go-node-proxy', 10],
    ['ai-agents', 20],
  ])
    expect(script.some((line) => line.endsWith(`scale deployment ${deployment} --replicas=${replicas}`))).toBe(true);
  for (const configmap of ['redis-config', 's3-config', 'app-config'])
    expect(script.some((line) => line.includes(`patch configmap ${configmap} `))).toBe(true);
  expect(script.filter((line) => line.includes('apply --server-side'))).toHaveLength(2);
});

test('in the script the endpoint that another step finds is a variable that must be set, also in a secret', () => {
  const graph = graphsOf('omnimesh').find(({ flow, scope }) => flow === 'failover' && scope === 'database')!;
  const script = shellRunbook(graph, registry).join('\n');
  expect(script).toContain(`need PROMOTE_ENDPOINT 'the endpoint that step promote found'`);
  const patch = script.split('\n').find((line) => line.includes('patch secret'))!;
  const said = spawnSync('bash', ['-c', patch.replace(/^\s*kubectl/, 'printf "%s\\n"')], {
    encoding: 'utf8',
    env: { ...process.env, PROMOTE_ENDPOINT: 'new.example' },
  });
  expect(said.stdout.trimEnd().split('\n').at(-1)).toBe('{"stringData":{"host":"new.example"}}');
});

test('words of a plan in the script are comments and questions, and never commands', () => {
  const evil = `steps:
  say: { title: "First\\ntouch /tmp/evil-title", manual: "Don't; if (x) $(touch /tmp/evil-manual) \\n touch /tmp/evil-line", checklist: ["\\n touch /tmp/evil-item"] }
  turn: { title: "It's \\"$(touch /tmp/evil)\\"", uses: kubernetes/restart, with: { cluster: "{{ to }}", namespace: mill, deployment: big } }`;
  const lines = shellRunbook(graphIn({ 'mill.yml': mill(procedure(evil)) }, 'failover', 'wheels'), registry);
  const script = lines.join('\n').replaceAll(/^ *kubectl/gm, ': kubectl');
  const run = spawnSync('bash', ['-c', `touch() { echo "RAN $*"; }\n${script}`], {
    input: 'done\nyes\nyes\nyes\n',
    encoding: 'utf8',
  });
  expect(run.stderr).not.toMatch(/syntax error|not found|unexpected/);
  expect(run.stdout).not.toContain('RAN');
  expect(run.status).toBe(0);
});

test('a picture holds whatever words a plan has, and nothing of them becomes a tag', () => {
  const title = 'a < b & "c" > <script>d</script>';
  const procedures = procedure(
    `steps:\n  turn: { title: '${title}', uses: kubernetes/restart, with: { cluster: "{{ to }}", namespace: mill, deployment: big } }`,
  );
  const graph = graphIn(
    { 'mill.yml': mill(procedures).replace('title: The mill', `title: '${title}'`) },
    'failover',
    'wheels',
  );
  const elements = elementsOf(graphSvg(graph));
  expect(elements.map(({ text }) => unescaped(text))).toContain(`${title} (kubernetes/restart)`);
  expect(elements.some(({ name }) => name === 'script')).toBe(false);
});

const grow = `steps:
  grow:
    for-each: wheels.deployments
    uses: kubernetes/scale
    with: { cluster: "{{ to }}", namespace: mill, deployment: "{{ each }}", replicas: "{{ each.active }}" }
  open: { uses: route53/switch-weights, with: { component: door, to: "{{ to }}" }, needs: [grow] }`;
const text = mill(procedure(grow));

/** The same plan with the keys of every mapping in the opposite order, but for those whose order means something. */
const reordered = (yaml: string): string => {
  const turn = (value: any, path: string): any => {
    if (Array.isArray(value)) return value.map((each) => turn(each, path));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, member]) => [key, turn(member, `${path}.${key}`)]);
    return Object.fromEntries(/^\.regions$/.test(path) ? entries : entries.reverse());
  };
  return stringify(turn(parse(yaml), ''));
};

test('a plan whose YAML is only written in another order differs in nothing', () => {
  const other = reordered(text);
  expect(other).not.toBe(text);
  expect(other.indexOf('procedures:')).toBeLessThan(other.indexOf('plan: mill'));
  expect(diffPlans(planOf({ 'mill.yml': text }), planOf({ 'mill.yml': other }), registry)).toEqual([
    'Nothing that would be done differs.',
  ]);
});

const differing = (edit: string) => diffPlans(planOf({ 'mill.yml': text }), planOf({ 'mill.yml': edit }), registry);

test('a changed replica count is one line of a failover, with what it was and what it is', () => {
  const edit = text.replace('big: { active: 3', 'big: { active: 4');
  const before = graphIn({ 'mill.yml': text }, 'failover', 'wheels');
  const after = graphIn({ 'mill.yml': edit }, 'failover', 'wheels');
  expect(diffGraphs(before, after)).toEqual(['  ~ grow-big: replicas: 3 → 4']);
  expect(diffGraphs(before, before)).toEqual([]);
  const said = differing(edit);
  expect(said).toContain('  ~ grow-big: replicas: 3 → 4');
  expect(said.find((line) => line.startsWith('failover of wheels hill → vale'))).toBeDefined();
});

test('a step that is gone, one that is new, and one that waits for something else are said', () => {
  const gone = differing(text.replace(/ +open: .*\n/, '')).join('\n');
  expect(gone).toContain('  - open: Open (route53/switch-weights)');
  const back = diffPlans(
    planOf({ 'mill.yml': text.replace(/ +open: .*\n/, '') }),
    planOf({ 'mill.yml': text }),
    registry,
  ).join('\n');
  expect(back).toContain('  + open: Open (route53/switch-weights)');
  expect(differing(text.replace('needs: [grow]', 'after: []')).join('\n')).toContain(
    '  ~ open: waits for grow-big, grow-small no longer',
  );
  expect(differing(text.replace('rto: 1h, rpo: 5m', 'rto: 2h, rpo: 5m')).join('\n')).toContain('  RTO: 1 h → 2 h');
});
