import type { Answer, PlanView, StepContext, System, SystemTools } from '../../src/define.ts';
import { carryOut, planViewOf } from './plan-view.ts';

/** Actions and checks pointed at real servers on this machine, without any engine between. */
export interface RealWorld {
  plan: PlanView;
  carryOut(name: string, written: object, key?: string): Promise<{ output: Record<string, any>; seen: string[] }>;
  observe(name: string, written: object, key?: string): ReturnType<import('../../src/define.ts').Action['observe']>;
  undo(name: string, written: object, before: unknown): Promise<void>;
  ask(name: string, written: object): Promise<Answer>;
  close(): Promise<void>;
}

export interface RealSettings {
  /** `host:port` of the plan to the port where it really is. */
  hosts?: Record<string, number | (() => number)>;
  authority?: string;
  secrets?: Record<string, string>;
  components: Record<string, { kind: string; [key: string]: unknown }>;
  places?: string[];
}

export const openRealWorld = (
  create: (tools: SystemTools) => System[],
  { hosts = {}, authority, secrets = {}, components, places = ['here', 'there'] }: RealSettings,
): RealWorld => {
  const tools: SystemTools = {
    dialler: {
      reach(host, port) {
        const found = hosts[`${host}:${port}`];
        // Real servers stand on loopback here, as an operator would say who runs them beside the bot.
        if (found === undefined) return { host, port, mapped: true };
        return { host: '127.0.0.1', port: typeof found === 'number' ? found : found(), mapped: true };
      },
      authority,
      dnsServers: [],
    },
    clock: { now: () => new Date(), wall: () => new Date(), speed: 1 },
    log: { info() {}, warn() {}, error() {} },
    secret({ env }) {
      const value = secrets[env];
      if (!value) throw new Error(`no secret ${env}`);
      return value;
    },
  };
  const systems = create(tools);
  const plan = planViewOf(
    {
      plan: 'real',
      title: 'Real servers',
      account: '000000000000',
      regions: Object.fromEntries(places.map((place) => [place, {}])),
      prefer: places,
      components,
    },
    systems,
  );
  /** When the run of a step was asked for: when it was first heard of. */
  const requested = new Map<string, string>();
  const step = (key = 'run-1/step-1'): StepContext => {
    const requestedAt = requested.get(key) ?? new Date().toISOString();
    requested.set(key, requestedAt);
    const signal = AbortSignal.timeout(60_000);
    return {
      clock: tools.clock,
      log: tools.log,
      signal,
      runId: 'run-1',
      stepId: 'step-1',
      key,
      beforeChange: async () => AbortSignal.timeout(5000),
      render: async () => '',
      facts: async () => ({ requestedAt }),
    };
  };
  const named = <T extends { name: string }>(all: T[], name: string): T => {
    const found = all.find((one) => one.name === name);
    if (!found) throw new Error(`nothing is called ${name}`);
    return found;
  };
  const action = (name: string) =>
    named(
      systems.flatMap(({ actions }) => actions),
      name,
    );
  return {
    plan,
    carryOut: (name, written, key) => carryOut(action(name), written, plan, () => step(key)),
    observe(name, written, key) {
      const found = action(name);
      return found.observe(found.input.parse(found.resolve(found.with.parse(written), plan)), step(key));
    },
    async undo(name, written, before) {
      const found = action(name);
      if ('no' in found.reversible) throw new Error(found.reversible.no);
      const input = found.input.parse(found.resolve(found.with.parse(written), plan));
      await found.reversible.act(input, before as never, step());
    },
    ask(name, written) {
      const found = named(
        systems.flatMap(({ checks }) => checks),
        name,
      );
      return found.ask(found.input.parse(found.resolve(found.with.parse(written), plan)), step());
    },
    close: async () => {
      for (const system of systems) await system.close();
    },
  };
};
