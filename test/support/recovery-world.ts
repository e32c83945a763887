import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import { readWorldPlan } from '../../sandbox/world-plan.ts';
import type {
  Action,
  Answer,
  Check,
  ComponentKind,
  LookContext,
  PlanView,
  StepContext,
  System,
  SystemTools,
} from '../../src/define.ts';
import { createAwsEc2 } from '../../src/systems/aws-ec2/index.ts';
import { createAwsEcs } from '../../src/systems/aws-ecs/index.ts';
import { createAwsElasticache } from '../../src/systems/aws-elasticache/index.ts';
import { createAwsRds } from '../../src/systems/aws-rds/index.ts';
import { createAwsRoute53 } from '../../src/systems/aws-route53/index.ts';
import { createAwsS3 } from '../../src/systems/aws-s3/index.ts';
import { createClickhouse } from '../../src/systems/clickhouse/index.ts';
import { cloudflareSettings } from '../../src/systems/cloudflare/config.ts';
import { createCloudflare } from '../../src/systems/cloudflare/index.ts';

import { createDns } from '../../src/systems/dns/index.ts';
import { createHttp } from '../../src/systems/http/index.ts';
import { createKubernetes } from '../../src/systems/kubernetes/index.ts';
import { createNats } from '../../src/systems/nats/index.ts';
import { createPatroni } from '../../src/systems/patroni/index.ts';
import { createPostgres } from '../../src/systems/postgres/index.ts';
import { createPrometheus } from '../../src/systems/prometheus/index.ts';
import { createRedis } from '../../src/systems/redis/index.ts';
import { createWebhook } from '../../src/systems/webhook/index.ts';
import { carryOut, planViewOf } from './plan-view.ts';

/** The sandbox and the real systems pointed at it, as the bot would be, without any engine between. */
export interface RecoveryWorld {
  sandbox: Sandbox;
  plan: PlanView;
  action(name: string): Action;
  actions(): Action[];
  check(name: string): Check;
  kind(name: string): ComponentKind;
  /** Resolves and asks a check as written in a plan. */
  ask(name: string, written: object): Promise<Answer>;
  /** Resolves an action and brings it about: looks, acts at most once, looks until it is done. */
  carryOut(name: string, written: object, key?: string): Promise<{ output: Record<string, any>; seen: string[] }>;
  step(signal?: AbortSignal): StepContext;
  control(path: string, body?: object): Promise<any>;
  sql(instance: string, sql: string, params?: unknown[]): Promise<Record<string, any>[]>;
  close(): Promise<void>;
}

const folder = import.meta.dirname;

export const startRecoveryWorld = async (
  options: { speed?: number; planFile?: string; files?: Record<string, string> } = {},
): Promise<RecoveryWorld> => {
  const written = readWorldPlan(options.planFile ?? join(folder, 'orchard.yml'));
  const sandbox = await startSandbox({
    plans: [written],
    speed: options.speed ?? 200,
    worldStart: new Date('2026-03-01T12:00:00Z'),
    databaseUrl: inject('databaseUrl'),
    log: () => {},
  });
  const { environment } = sandbox;
  const tools = toolsFrom(environment, sandbox);
  const systems: System[] = [
    createAwsEc2(environment, tools),
    createAwsEcs(environment, tools),
    createAwsElasticache(environment, tools),
    createAwsRds(environment, tools),
    createAwsRoute53(environment, tools),
    createAwsS3(environment, tools),
    createCloudflare(cloudflareSettings.parse(environment), tools),
    createClickhouse({}, tools),
    createDns({}, tools),
    createHttp({}, tools),
    createKubernetes(environment, tools),
    createNats({}, tools),
    createPatroni({}, tools),
    createPostgres({}, tools),
    createPrometheus({}, tools),
    createRedis({}, tools),
    createWebhook({}, tools),
  ];
  const named = <T extends { name: string }>(all: T[], name: string): T => {
    const found = all.find((one) => one.name === name);
    if (!found) throw new Error(`nothing is called ${name}`);
    return found;
  };
  const plan = planViewOf(written, systems, options.files ?? {});
  const look = (): LookContext => ({ clock: tools.clock, log: tools.log, signal: AbortSignal.timeout(20_000) });
  const requestedAt = sandbox.context.clock.now().toISOString();
  const step = (signal = AbortSignal.timeout(20_000)): StepContext => ({
    ...look(),
    signal,
    runId: 'run-1',
    stepId: 'step-1',
    key: 'run-1/step-1',
    beforeChange: async () => AbortSignal.timeout(2500),
    render: async () => '',
    facts: async () => ({ requestedAt }),
  });
  const action = (name: string) =>
    named(
      systems.flatMap((system) => system.actions),
      name,
    );
  const check = (name: string) =>
    named(
      systems.flatMap((system) => system.checks),
      name,
    );

  return {
    sandbox,
    plan,
    action,
    actions: () => systems.flatMap((system) => system.actions),
    check,
    kind: (name) =>
      named(
        systems.flatMap((system) => system.kinds),
        name,
      ),
    step,
    ask(name, given) {
      const found = check(name);
      return found.ask(found.input.parse(found.resolve(found.with.parse(given), plan)), look());
    },
    carryOut: (name, given, key = 'run-1/step-1') => carryOut(action(name), given, plan, () => ({ ...step(), key })),
    async control(path, body) {
      const init = body && { method: 'POST', body: JSON.stringify(body) };
      const response = await fetch(`${sandbox.controlUrl}${path}`, init);
      const answer = (await response.json()) as any;
      if (!response.ok) throw new Error(answer.error);
      return answer;
    },
    async sql(instance, sql, params = []) {
      const response = await fetch(`${sandbox.controlUrl}/sql`, {
        method: 'POST',
        body: JSON.stringify({ instance, sql, params }),
      });
      const answer = (await response.json()) as any;
      if (!response.ok) throw new Error(answer.error);
      return answer.rows;
    },
    close: async () => {
      for (const system of systems) await system.close();
      await sandbox.close();
    },
  };
};

const toolsFrom = (environment: Record<string, string>, sandbox: Sandbox): SystemTools => {
  const entries = environment['MAYDAY_HOSTS']!.split(',').map((entry) => entry.split('=') as [string, string]);
  return {
    dialler: {
      reach(host, port) {
        const wanted = `${host}:${port}`;
        const found = entries.find(
          ([from]) => from === wanted || (from.startsWith('*') && wanted.endsWith(from.slice(1))),
        );
        const [mappedHost = host, mappedPort = port] = found?.[1].split(':') ?? [];
        return { host: mappedHost, port: Number(mappedPort), ...(found && { mapped: true as const }) };
      },
      authority: readFileSync(environment['MAYDAY_CA']!, 'utf8'),
      dnsServers: environment['MAYDAY_DNS_SERVERS']!.split(','),
    },
    clock: { now: () => sandbox.context.clock.now(), wall: () => new Date(), speed: sandbox.context.clock.speed },
    log: { info() {}, warn() {}, error() {} },
    secret({ env }) {
      const value = environment[env];
      if (!value) throw new Error(`no secret ${env}`);
      return value;
    },
  };
};
