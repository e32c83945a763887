import { createWorldClock } from '../../sandbox/clock.ts';
import { createFaults } from '../../sandbox/faults.ts';
import { createHolds } from '../../sandbox/holds.ts';
import { createLedger } from '../../sandbox/ledger.ts';
import type { SandboxContext, SandboxPart } from '../../sandbox/part.ts';
import type { WorldPlan } from '../../sandbox/world-plan.ts';
import type { PersonView, PlanView, StepContext, SystemTools } from '../../src/define.ts';
import { escapeSlack } from '../../src/systems/slack/index.ts';
import { sampleFacts } from '../../src/templates/facts.ts';
import { createTemplates } from '../../src/templates/render.ts';

/** A made-up plan, so that nothing can lean on the names of a real one. */
export const shopPlan: WorldPlan = {
  plan: 'shop',
  title: 'Shop production',
  account: '000000000001',
  people: {
    ada: { name: 'Ada Admin', slack: 'U0ADA0001', pagerduty: 'PADA', email: 'ada@shop.example' },
    ben: { name: 'Ben Boss', slack: 'U0BEN0001', pagerduty: 'PBEN', email: 'ben@shop.example' },
    legal: { name: 'Legal', email: 'legal@shop.example' },
  },
  groups: {
    'on-call': { 'pagerduty-schedule': 'SSHOP', offline: ['ada'] },
    bosses: { 'slack-group': 'S0BOSSES1', people: ['ben'] },
  },
  regions: {},
  prefer: [],
  components: {},
  checks: {},
  procedures: {},
  announce: {
    channels: ['#alerts'],
    pagerduty: { service: 'PSHOPSVC', 'escalation-policy': 'PSHOPPOL' },
    'status-page': { components: { api: 'cmpshopapi' } },
  },
};

export const createContext = (speed = 1000): SandboxContext => {
  const clock = createWorldClock({ speed, worldStart: new Date('2026-01-02T14:00:00Z') });
  return {
    clock,
    ledger: createLedger(clock),
    faults: createFaults(),
    holds: createHolds(),
    plans: [shopPlan],
    log: () => undefined,
  };
};

/** Calls a control route as the control port would. */
export const control = async (part: SandboxPart, route: string, body: unknown = {}, path = ''): Promise<any> => {
  const handler = part.control[route];
  if (!handler) throw new Error(`no route ${route}`);
  return handler({ body, path, method: '', query: new URLSearchParams() } as never);
};

export const quietLog = { info() {}, warn() {}, error() {} };

export const tools: SystemTools = {
  dialler: { reach: (host, port) => ({ host, port }), authority: undefined, dnsServers: [] },
  clock: { now: () => new Date(), wall: () => new Date(), speed: 1 },
  log: quietLog,
  secret: () => 'secret',
};

const templates = createTemplates('templates', { 'slack/': escapeSlack });

/** What the engine gives a step; `facts` differ from the sample where a test says so. */
export const stepContext = (key: string, facts: object = {}): StepContext & { changes: number } => {
  const context = {
    clock: tools.clock,
    log: quietLog,
    signal: AbortSignal.timeout(20_000),
    runId: 'run-1',
    stepId: key,
    key,
    changes: 0,
    async beforeChange() {
      context.changes += 1;
      return AbortSignal.timeout(5000);
    },
    render: async (name: string, extra = {}) => templates.render(name, { ...sampleFacts, ...facts }, extra),
    facts: async () => ({}),
  };
  return context;
};

export const planView = {
  person(name: string): PersonView {
    const person = shopPlan.people[name];
    if (!person) throw new Error(`no person ${name}`);
    return { ...person, name: person.name ?? name };
  },
} as unknown as PlanView;

export const waitFor = async <T>(what: () => T | undefined | false, milliseconds = 5000): Promise<T> => {
  const until = performance.now() + milliseconds;
  for (;;) {
    const value = what();
    if (value) return value;
    if (performance.now() > until) throw new Error(`waited ${milliseconds} ms in vain`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
