import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mayday } from '../support/mayday-command.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mayday-plans-'));
  cpSync('plans', folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = () => join(folder, 'omnimesh.yml');

/** The plan and what it includes, in the order in which one would look. */
const files = () => [
  file(),
  ...['promote-rds', 'scale-up', 'see-it-serve'].map((name) => join(folder, `blocks/${name}.yml`)),
];

/** Changes the first `before` in the plan or its blocks; its place in the changed text, as an editor would show it. */
const edit = (before: string, after: string): { file: string; line: number; column: number } => {
  const where = files().find((each) => readFileSync(each, 'utf8').includes(before));
  expect(where, `the plan or a block of it says ${before}`).toBeDefined();
  const text = readFileSync(where!, 'utf8');
  const at = text.indexOf(before);
  writeFileSync(where!, text.replace(before, after));
  const lines = text.slice(0, at).split('\n');
  return { file: where!, line: lines.length, column: lines.at(-1)!.length + 1 };
};

const lint = () => mayday(['plan', 'lint', file()]);

test('a good plan gets one line with counts, without any token or network', async () => {
  const { code, stdout } = await lint();
  expect(stdout).toMatch(/omnimesh is good: \d+ people, \d+ components, \d+ procedures, \d+ graphs built/);
  expect(stdout.trim().split('\n')).toHaveLength(1);
  expect(code).toBe(0);
});

test.each([
  ['an unknown action', 'rds/promote-read-replica', 'rds/promote-replica', /Did you mean "?rds\/promote-read-replica/],
  ['an unknown check', 'require: "loss-below {{', 'require: "loss-under {{', /loss-below 1h/],
  ['a need that is not there', 'needs: [writable]', 'needs: [writeable]', /Did you mean "?writable/],
  ['a duration without unit', 'within: 10m', 'within: 10', /15m/],
  ['a value that another step cannot give', 'promote.output.endpoint', 'promote.output.endpint', /endpoint/],
  ['a condition that nobody knows', 'timeout: 30m', 'patience: 30m', /unknown key "patience"/],
])('%s is named by file, line and column, with what was expected', async (_, before, after, expected) => {
  const { file: edited, line } = edit(before, after);
  const { code, stdout } = await lint();
  expect(code).toBe(1);
  const faults = stdout.split('\n').filter((each) => each.startsWith(`${edited}:`));
  expect(faults.length).toBeGreaterThan(0);
  expect(faults.join('\n')).toMatch(expected);
  const lines = faults.map((each) => Number(/:(\d+):\d+: /.exec(each)?.[1]));
  // The fault stands at the thing itself or at the step around it.
  expect(
    lines.some((found) => found <= line && found >= line - 8),
    `${stdout} speaks of line ${line}`,
  ).toBe(true);
});

test('an unknown key is placed to the column', async () => {
  const { line, column } = edit('owner: dr-team', 'ower: dr-team');
  const { code, stdout } = await lint();
  expect(code).toBe(1);
  expect(stdout).toContain(`${file()}:${line}:${column}: unknown key "ower". Did you mean "owner"?`);
});

test('a rule that is never in force, and a procedure that nothing runs, are faults', async () => {
  edit('    always: {', '    otherwise: { all-of: [on-call] }\n    always: {');
  edit('  restore:\n    database:\n      rto', '  restart:\n    database:\n      rto');
  const { code, stdout } = await lint();
  expect(stdout).toMatch(/:\d+:\d+: with "always" beside it, "otherwise" is never in force/);
  expect(stdout).toMatch(/:\d+:\d+: no flow runs a procedure "restart"/);
  expect(code).toBe(1);
});

test('a template with an unknown variable is a fault, with its place', async () => {
  const templates = join(folder, 'templates');
  cpSync('templates', templates, { recursive: true });
  writeFileSync(join(templates, 'slack', 'update.liquid'), 'Now:\n{{ titel }}\n');
  const { code, stdout } = await mayday(['plan', 'lint', file()], { MAYDAY_TEMPLATES: templates });
  expect(stdout).toMatch(/slack\/update\.liquid:2:\d+: unknown variable titel.*title/);
  expect(code).toBe(1);
});

test('show gives each step the command line that a person could type, with references in words', async () => {
  const { code, stdout } = await mayday(['plan', 'show', 'omnimesh', '--json']);
  expect(code).toBe(0);
  const { procedures, approvals } = JSON.parse(stdout);
  const region = procedures.find((each: any) => each.flow === 'failover' && each.scope === 'region');
  const step = (id: string) => region.steps.find((each: any) => each.id === id);
  expect(step('promote').command).toBe(
    'aws rds promote-read-replica --region us-west-2 --db-instance-identifier omnimesh-prod-replica-us-west-2 && aws rds wait db-instance-available --region us-west-2 --db-instance-identifier omnimesh-prod-replica-us-west-2',
  );
  expect(step('promote')).toMatchObject({ changes: ['rds:PromoteReadReplica'], needs: ['fence-database'] });
  expect(step('point-cache').command).toContain('<endpoint of grow-cache>');
  expect(step('switch-traffic').needs).toContain('repoint');
  expect(approvals.join('\n')).toContain('Vera Park');
  for (const procedure of procedures)
    for (const { id, command } of procedure.steps) expect(command, `${procedure.scope}: ${id}`).not.toBe('');
});

test('show and graph name the nearest plan, flow and scope', async () => {
  expect((await mayday(['plan', 'show', 'omnimsh'])).stderr).toMatch(/Did you mean "?omnimesh/);
  expect((await mayday(['plan', 'graph', 'omnimesh', 'failovr'])).stderr).toMatch(/failover/);
  const { code, stderr } = await mayday(['plan', 'graph', 'omnimesh', 'failover', 'databse']);
  expect(stderr).toMatch(/database/);
  expect(code).toBe(1);
});

test('graph draws layers, and its longest path ends where nothing else ends later', async () => {
  const { stdout } = await mayday(['plan', 'graph', 'omnimesh', 'failover', 'database', '--json']);
  const { layers, steps, criticalPath, expectedSeconds } = JSON.parse(stdout);
  const layerOf = (id: string) => layers.findIndex((layer: string[]) => layer.includes(id));
  for (const { id, needs } of steps)
    for (const need of needs) if (layerOf(id) >= 0) expect(layerOf(need)).toBeLessThan(layerOf(id));
  expect(criticalPath).toContain('promote');
  const seconds = new Map(steps.map((step: any) => [step.id, step.expectedSeconds]));
  expect(criticalPath.reduce((sum: number, id: string) => sum + (seconds.get(id) as number), 0)).toBe(expectedSeconds);
  const drawn = await mayday(['plan', 'graph', 'omnimesh', 'failover', 'database']);
  expect(drawn.stdout).toMatch(/^ {2}\* promote /m);
});
