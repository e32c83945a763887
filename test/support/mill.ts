import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { openOffline } from '../../src/cli/offline.ts';
import { lintPlan } from '../../src/cli/plan-lint.ts';
import type { Graph } from '../../src/plan/graph.ts';
import { type Plan, readPlan } from '../../src/plan/plan.ts';
import type { Registry } from '../../src/plan/registry.ts';
import { viewPlan } from '../../src/plan/view.ts';
import { graphOf, usualVariant } from '../../src/plan-tools/variants.ts';
import { dummyEnvironment } from './plans.ts';

/** A made-up plan of the fewest lines: what a test is about comes as the procedures and what stands before them. */
export const mill = (procedures: string, more = '', name = 'mill'): string => `plan: ${name}
title: The ${name}
owner: millers
account: "111122223333"
objectives: { rto: 1h, rpo: 5m }
people: { ada: { name: Ada, slack: U0ADA0001, email: ada@mill.example } }
regions:
  hill: { aws: eu-north-1, kubernetes: ${name}-hill }
  vale: { aws: us-east-1, kubernetes: ${name}-vale }
prefer: [hill, vale]
components:
  grain:
    kind: rds-postgresql
    hill: ${name}-grain-a
    vale: ${name}-grain-b
    hosts: { hill: ${name}-a.mill.example, vale: ${name}-b.mill.example }
    sql: { database: grain, user: miller, password: { env: MILL_DATABASE_PASSWORD } }
    heartbeat: { table: pulse, column: at }
    loss: { alive: grain-answers, replayed: grain-replayed }
    fence: { when-unreachable: ask }
  wheels:
    kind: kubernetes-deployments
    namespace: mill
    deployments:
      big: { active: 3, standby: 1 }
      small: { active: 2, standby: 0 }
  door: { kind: route53-record, zone: Z0MILL, name: ${name}.example, ttl: 60s, hill: 192.0.2.1, vale: 192.0.2.2 }
scopes:
  grain: [grain]
  wheels: [wheels, door]
  all: [grain, wheels, door]
checks:
  grain-answers: { uses: postgres/answers, with: { component: grain, at: "{{ from }}" } }
  grain-replayed: { uses: postgres/newest-row, with: { component: grain, at: "{{ to }}", table: pulse, column: at } }
  door-opens: { uses: http/get, with: { url: "https://mill.example/", status: 200 } }
approvals:
  failover: { always: { all-of: [ada], requester: counts, type: GRIND }, expires: 1h }
${more}procedures:
${procedures}`;

/** A procedure of one flow and scope, from its own lines. */
export const procedure = (body: string, flow = 'failover', scope = 'wheels'): string =>
  `  ${flow}:\n    ${scope}:\n${body.replaceAll(/^(?=.)/gm, '      ')}\n`;

export const turn = `{ uses: kubernetes/restart, with: { cluster: "{{ to }}", namespace: mill, deployment: big } }`;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder with a plan called mill and what it includes. */
export const folderOf = (files: Record<string, string>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'mayday-mill-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
};

const offline = openOffline({ ...dummyEnvironment, MAYDAY_TEMPLATES: join(import.meta.dirname, '../../templates') });
export const registry: Registry = offline.registry;

/** What `plan lint` says is wrong, each line with the file as it is called in the folder. */
export const lintOf = (files: Record<string, string>): string[] => {
  const folder = folderOf(files);
  return lintPlan(join(folder, 'mill.yml'), offline).faults.map((line) => line.replaceAll(`${folder}/`, ''));
};

export const planOf = (files: Record<string, string>): Plan => readPlan(join(folderOf(files), 'mill.yml'), registry);

/** The graph of a flow the usual way: from hill to vale. */
export const graphIn = (files: Record<string, string>, flow: string, scope: string): Graph => {
  const plan = planOf(files);
  return graphOf(plan, registry, usualVariant(viewPlan(plan, registry), flow, scope));
};

/** `line:column` of a text, as an editor shows it. */
export const placeIn = (text: string, part: string): string => {
  const before = text.slice(0, text.indexOf(part));
  if (!text.includes(part)) throw new Error(`there is no ${part}`);
  return `${before.split('\n').length}:${before.length - before.lastIndexOf('\n')}`;
};
