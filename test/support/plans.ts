import { join } from 'node:path';
import { flows } from '../../flows/index.ts';
import { readSettings } from '../../src/config.ts';
import type { FlowRequest } from '../../src/define.ts';
import { type Plan, parsePlan } from '../../src/plan/plan.ts';
import type { Registry } from '../../src/plan/registry.ts';
import { viewPlan } from '../../src/plan/view.ts';
import { createTools, loadPlans } from '../../src/plan-language.ts';
import { sampleRecord } from '../../src/plan-tools/variants.ts';
import { build } from '../../src/run-service.ts';

/** Settings with which everything can be made and nothing connected to. */
export const dummyEnvironment = {
  SLACK_BOT_TOKEN: 'xoxb-1-made-up-for-tests',
  SLACK_SIGNING_SECRET: 'a-made-up-secret',
  PAGERDUTY_API_TOKEN: 'made-up',
  PAGERDUTY_FROM: 'pip@orchard.example',
  STATUSPAGE_API_KEY: 'made-up',
  STATUSPAGE_PAGE_ID: 'made-up',
  SMTP_URL: 'smtp://127.0.0.1:1',
  AWS_REGION: 'eu-north-1',
  MAYDAY_PLANS: join(import.meta.dirname, '../../plans'),
};

const log = { info() {}, warn() {}, error() {} };
const clock = { speed: 1, now: () => new Date(), wall: () => new Date() };

/** The registry that the bot really has. */
export const realRegistry = (): Registry => {
  const settings = readSettings(dummyEnvironment);
  return loadPlans(settings, createTools(settings, dummyEnvironment, clock, log)).registry;
};

export const requestFor = (plan: Plan, scope: string, more: Partial<FlowRequest> = {}): FlowRequest => ({
  scope,
  from: plan.text.prefer[0]!,
  to: plan.text.prefer[1] ?? plan.text.prefer[0]!,
  time: '2026-03-01T11:50:00.000Z',
  text: 'it rains',
  reason: 'a storm',
  requester: { slack: 'U0PIP0001', name: 'Pip' },
  severity: 'P1',
  requestedAt: '2026-03-01T12:00:00.000Z',
  stamp: 'abc234',
  ...more,
});

/** Reads a plan and freezes one of its flows, as `plan lint` does. Throws `plan/invalid`. */
export const freezePlan = (
  registry: Registry,
  yaml: string,
  flowName: string,
  scope: string,
  more: Partial<FlowRequest> = {},
  incident: Record<string, string> = {},
) => {
  const plan = parsePlan(
    'orchard.yml',
    yaml,
    registry,
    () => 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: leaves, namespace: cider }',
  );
  const flow = flows.find(({ name }) => name === flowName)!;
  const request = requestFor(plan, scope, more);
  const record =
    flow.locate === 'record'
      ? {
          record: sampleRecord(plan, registry, {
            scope,
            from: request.to,
            to: request.from,
            at: new Date(request.requestedAt),
          }),
        }
      : {};
  return build(flow, plan, viewPlan(plan, registry, incident), registry, { ...request, ...record });
};
