import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type pg from 'pg';
import { flows } from '../../flows/index.ts';
import { whoIsIn } from '../authority/who-may.ts';
import { openFileJournal, soleLeases } from '../break-glass/file-journal.ts';
import { breakGlassFolder } from '../break-glass/merge.ts';
import { type Environment, readSettings } from '../config.ts';
import type { Clock, Json, Log, PersonView, StartFlow } from '../define.ts';
import { approve, hashToApprove } from '../engine/approvals.ts';
import type { EnginePorts } from '../engine/ports.ts';
import { createRunStore } from '../engine/run-store.ts';
import { runIdFor } from '../engine/start-run.ts';
import { hasEnded, isStopped, type RunState } from '../engine/state.ts';
import { createWorker } from '../engine/worker.ts';
import { MaydayError, messageOf } from '../errors.ts';
import { type Database, openDatabase } from '../journal/database.ts';
import { createJournal } from '../journal/journal.ts';
import { createLeases } from '../journal/leases.ts';
import { localWorldClock, openWorldClock } from '../journal/world-clock.ts';
import { findDatabase } from '../launch.ts';
import { createLog } from '../logging.ts';
import { approversInRule } from '../plan/authority.ts';
import { viewPlan } from '../plan/view.ts';
import { createTools, loadPlans, templateEscapes } from '../plan-language.ts';
import { redact } from '../redact.ts';
import { describeRun } from '../run-directory.ts';
import { runFacts } from '../run-facts.ts';
import { createRunService, type Started } from '../run-service.ts';
import { createTemplates } from '../templates/render.ts';
import { createWatch } from '../watch/watch.ts';
import { withJournal } from './open.ts';
import { peopleOf, personNamed, proveIdentity } from './order.ts';
import { print } from './print.ts';

export interface StartHere {
  flow: string;
  plan: string;
  scope?: string;
  to?: string;
  reason: string;
  as: string[];
  key: string[];
  anyway: boolean;
  breakGlass: boolean;
  /** ISO 8601, for restores. */
  time?: string;
  /** Id of a run that is to be carried on instead of starting another. */
  carryOn?: string;
}

/**
 * Starts a run without Slack. The bot carries it out; with `breakGlass` this process does, with the same engine and plan,
 * for two named operators: recovery only, while every message waits for a bot. Without a database the run is kept in a
 * file of its own, which the next start of the bot takes into the journal before it does anything else.
 */
export const startFromHere = async (request: StartHere): Promise<void> => {
  const wanted = request.breakGlass ? 2 : 1;
  if (request.as.length !== wanted || new Set(request.as).size !== wanted)
    throw new MaydayError(
      'input/invalid',
      request.breakGlass
        ? 'Breaking the glass takes two different operators: say --as twice, each with its --key. Nothing was started.'
        : 'Say with --as who you are, once. Nothing was started.',
    );
  const here = await openHere(process.env, request);
  try {
    await (request.breakGlass ? breakGlass(request, here) : justStart(request, here));
  } finally {
    await here.close();
  }
};

/** Goes on with a run that no bot is left to carry on: two operators, as for one of their own. */
export const carryOn = async (runId: string, options: Pick<StartHere, 'as' | 'key' | 'reason'>): Promise<void> => {
  const { flow, plan } = await withJournal(
    process.env,
    async ({ store }) => (await store.open(runId)).state().created.graph,
  );
  await startFromHere({ ...options, flow, plan, anyway: false, breakGlass: true, carryOn: runId });
};

/** Everything that a run needs, opened as far as it is there. */
interface Here {
  ports: EnginePorts;
  database: Database | undefined;
  clock: Clock;
  log: Log;
  file: string;
  requestKey: string;
  isRehearsal: boolean;
  loaded: ReturnType<typeof loadPlans>;
  /** Called after every change of the run. */
  onChange(listener: (state: RunState) => void): void;
  close(): Promise<void>;
}

/** What a database would answer that has no records of anything. */
const noRecords = { query: async () => ({ rows: [], rowCount: 0 }) } as unknown as pg.Pool;

const openHere = async (given: Environment, { breakGlass }: StartHere): Promise<Here> => {
  const requestKey = `command-line:${randomUUID()}`;
  const closers: (() => Promise<unknown>)[] = [];
  const found = await findDatabase(given).catch((error) => {
    if (!breakGlass) throw error;
    print(`There is no database (${messageOf(error)}).`);
    return undefined;
  });
  if (found) closers.unshift(found.close);
  const environment = found?.environment ?? given;
  const database =
    found && (await openDatabase(found.databaseUrl, { poolSize: 4, migrate: !breakGlass }).catch(() => undefined));
  if (database) closers.unshift(() => database.close());
  const answers =
    database &&
    (await database.pool.query('SELECT 1').then(
      () => true,
      () => false,
    ));
  if (!answers && !breakGlass)
    throw new MaydayError(
      'journal/unavailable',
      'The database does not answer, so nothing was started. With two operators and --break-glass it can be done without.',
    );
  const settings = readSettings(environment);
  const clock = answers ? await openWorldClock(database.pool) : localWorldClock(settings.MAYDAY_WORLD_CLOCK);
  const log = createLog('error');
  const loaded = loadPlans(settings, createTools(settings, environment, clock, log));
  closers.unshift(() => Promise.allSettled(loaded.systems.all.map((system) => system.close())));
  const pool = answers ? database.pool : noRecords;
  const watch = createWatch({ pool, clock, log, registry: loaded.registry, plans: () => loaded.plans.all() });
  const templates = createTemplates(settings.MAYDAY_TEMPLATES, templateEscapes);
  const file = join(breakGlassFolder(settings.MAYDAY_DATA), `${runIdFor(requestKey)}.jsonl`);
  const listeners: ((state: RunState) => void)[] = [];
  const ports: EnginePorts = {
    journal: answers ? createJournal(pool, () => clock.wall()) : openFileJournal(file, () => clock.wall()),
    leases: answers ? createLeases(database) : soleLeases,
    clock,
    log,
    wake: () => {},
    // The row that the start wrote says already that the run is due; who carries it out looks again by itself.
    dueAt: async () => {},
    render: async (template, state, extra) => templates.render(template, runFacts(state, clock.now()), extra),
    facts: (state) => runFacts(state, clock.now()) as unknown as Record<string, Json>,
    readLoss: (plan, input, signal) => watch.readLoss(plan, input, signal),
    // Who is named in the plan is enough here: whoever broke the glass is at the keyboard.
    whoIs: (_, groups) => whoIsIn(groups, [], undefined),
    failingSince: (plan, check, from, to) => watch.failingSince(plan, check, from, to),
    changed: (state) => {
      for (const listener of listeners) listener(state);
    },
  };
  return {
    ports,
    database: answers ? database : undefined,
    clock,
    log,
    file,
    requestKey,
    isRehearsal: found?.isRehearsal ?? false,
    loaded,
    onChange: (listener) => void listeners.push(listener),
    close: async () => {
      for (const closer of closers) await closer().catch(() => {});
    },
  };
};

const serviceOf = (here: Here) => {
  const { ports, clock, log, loaded } = here;
  const store = createRunStore(ports);
  const pool = here.database?.pool ?? noRecords;
  const watch = createWatch({ pool, clock, log, registry: loaded.registry, plans: () => loaded.plans.all() });
  const { plans, registry } = loaded;
  return { store, service: createRunService({ pool, clock, log, plans, registry, flows, ports, store, watch }) };
};

interface Operator {
  person: PersonView & { slack: string };
  proof: { text: string; signature: string } | undefined;
}

/** Who gives the order, each proven by their own signature over it. */
const prove = async (request: StartHere, here: Here): Promise<Operator[]> => {
  const plan = here.loaded.plans.find(request.plan);
  const view = viewPlan(plan, here.loaded.registry);
  const { flow, scope = null, to = null, reason, breakGlass, carryOn: run = null } = request;
  const order = { deed: breakGlass ? 'break-glass' : 'start', flow, scope, to, run, reason: redact(reason) };
  const operators: Operator[] = [];
  for (const [i, name] of request.as.entries()) {
    const person = personNamed(view, name);
    const about = { plan: plan.text.plan, digest: plan.digest };
    const proof = await proveIdentity(order, about, person, { key: request.key[i] }, here);
    operators.push({ person, proof });
  }
  return operators;
};

const startedBy = (operator: PersonView & { slack: string }, here: Here) => ({
  requester: { slack: operator.slack, name: operator.name, team: '' },
  requestKey: here.requestKey,
  receivedAt: here.clock.now(),
});

const flowRequest = (request: StartHere): StartFlow => ({
  flow: request.flow,
  plan: request.plan,
  reason: redact(request.reason),
  ...(request.scope && { scope: request.scope }),
  ...(request.to && { to: request.to }),
  ...(request.time && { time: momentOf(request.time) }),
  ...(request.anyway && { anyway: true }),
});

const momentOf = (text: string): Date => {
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw new MaydayError(
    'input/invalid',
    `"${text}" is no moment; expected one such as 2026-11-24T09:50:00Z. Nothing was started.`,
  );
};

/** Another run holds what this one would change: who, and how two people go on with that one from here. */
const started = async (work: Promise<Started>): Promise<Started> => {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof MaydayError) || error.code !== 'claim/held') throw error;
    const { resource, holder } = error.cause as { resource: string; holder: string };
    throw new MaydayError(
      'claim/held',
      `Nothing was started: ${resource} is held by run ${holder}. See it with: mayday run show ${holder}. If no bot is alive to carry it on, two operators can: mayday run carry-on ${holder} --as … --key … --as … --key … --reason …`,
      { cause: error.cause },
    );
  }
};

const justStart = async (request: StartHere, here: Here): Promise<void> => {
  const [operator] = await prove(request, here);
  const { service } = serviceOf(here);
  const found = await started(service.start(flowRequest(request), startedBy(operator!.person, here)));
  if ('nothingToDo' in found) return print(found.nothingToDo);
  const { run, graph } = found.state.created;
  print(
    `Started run ${run}: ${request.flow} of ${graph.scope} of ${graph.title}. The bot carries it out; nothing is changed before it is approved.`,
    `Approve it on its card, or: mayday approve ${run} --as <person> --key <file>. See it with: mayday run show ${run}`,
  );
};

const breakGlass = async (request: StartHere, here: Here): Promise<void> => {
  const plan = here.loaded.plans.find(request.plan);
  const view = viewPlan(plan, here.loaded.registry);
  const may = await mayBreakGlass(request, here);
  const operators = await prove(request, here);
  for (const { person } of operators)
    if (!may.some(({ slack }) => slack === person.slack))
      throw new MaydayError(
        'authority/refused',
        `${person.name} may not break the glass. Rule: those who may approve ${request.flow}, or stand in for them: ${may.map(({ name }) => name).join(', ')}. Nothing was started.`,
      );
  const { store, service } = serviceOf(here);
  const worker = createWorker(here.ports, here.loaded.registry, store);
  const found = request.carryOn
    ? { state: (await store.open(request.carryOn)).state() }
    : await started(
        service.start(
          { ...flowRequest(request), breakGlass: { operators: operators.map(({ person }) => person) } },
          startedBy(operators[0]!.person, here),
        ),
      );
  if ('nothingToDo' in found) return print(found.nothingToDo);
  const { run: runId, graph } = found.state.created;
  print(
    `Run ${runId}: ${graph.flow} of ${graph.scope} of ${view.title}, ${request.carryOn ? 'carried on' : 'carried out'} by ${operators.map(({ person }) => person.name).join(' and ')}.`,
    here.database
      ? 'Its record is in the journal. Messages wait for the bot.'
      : `There is no database: its record is in ${here.file}. Keep it; the next start of the bot takes it into the journal, and then everybody is told.`,
  );
  const told = new Map<string, string>();
  here.onChange((state) => say(state, told));
  const turn = setInterval(() => {
    for (const lane of ['recover', 'look'] as const) worker.process(runId, lane).catch(() => {});
  }, 250);
  try {
    const handle = await store.open(runId);
    for (;;) {
      const state = await handle.refresh();
      // What the plan's own rule asks for is not theirs to give: only a run of their own asks them.
      if (!request.carryOn) for (const { person, proof } of operators) await sayYes(handle, person, proof, here);
      if (isOver(state)) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const state = handle.state();
    print('', describeRun(state));
    if (state.outcome !== 'succeeded' && !isRecovered(state)) process.exitCode = 1;
  } finally {
    clearInterval(turn);
    await worker.stop(5_000);
  }
};

/** Everybody who could approve the flow at any hour, and those who stand in when nobody can be asked. */
const mayBreakGlass = async ({ flow, plan: name }: StartHere, { loaded }: Here): Promise<PersonView[]> => {
  const plan = loaded.plans.find(name);
  const view = viewPlan(plan, loaded.registry);
  const rules = plan.text.approvals[flow]?.rules ?? [];
  const named = new Set(rules.flatMap(({ rule }) => approversInRule(rule)));
  const groups = [...named].flatMap((group) => {
    const members = plan.text.groups[group];
    return members ? [...(members.people ?? []), ...(members.offline ?? [])] : [group];
  });
  return peopleOf(plan, view).filter((_, i) => groups.includes(Object.keys(plan.text.people)[i]!));
};

type Handle = Awaited<ReturnType<ReturnType<typeof createRunStore>['open']>>;

const sayYes = async (
  handle: Handle,
  person: PersonView & { slack: string },
  proof: Operator['proof'],
  { clock }: Here,
): Promise<void> => {
  const asked = handle
    .state()
    .created.graph.steps.some(
      ({ id, uses }) => uses === 'engine/approval' && handle.state().steps[id]!.state === 'waiting',
    );
  if (!asked) return;
  const approver = {
    person: person.slack,
    name: person.name,
    slots: [0, 1],
    unknownSlots: [],
    typed: null,
    via: 'command-line' as const,
    ...(proof && { proof }),
  };
  await handle
    .commit(
      (now) => {
        const open = now.created.graph.steps.some(
          ({ id, uses }) => uses === 'engine/approval' && now.steps[id]!.state === 'waiting',
        );
        return open ? approve(now, approver, hashToApprove(now), clock.now()) : [];
      },
      { actor: `command-line:${person.slack}` },
    )
    .catch((error) => {
      if (!(error instanceof MaydayError && error.code === 'run/wrong-state')) throw error;
    });
};

/** All that this process carries out has ended; what is left are messages, for a bot. */
const isOver = (state: RunState): boolean =>
  state.outcome !== null ||
  state.unknown !== null ||
  state.haltedAt !== null ||
  state.created.graph.steps.every((step) => step.effect === 'notice' || hasEnded(state.steps[step.id]));

const isRecovered = (state: RunState): boolean =>
  state.haltedAt === null &&
  state.created.graph.steps.every(
    (step) =>
      step.effect === 'notice' ||
      step.undoes !== undefined ||
      (hasEnded(state.steps[step.id]) &&
        state.steps[step.id]!.state !== 'refused' &&
        !isStopped(state.steps[step.id]!)),
  );

/** One line for each step that begins to change something, succeeds or stops. */
const say = (state: RunState, told: Map<string, string>): void => {
  for (const step of state.created.graph.steps) {
    if (step.effect === 'notice' || step.undoes !== undefined) continue;
    const { state: phase, seen, message } = state.steps[step.id]!;
    if (phase === 'pending' || phase === 'looking' || told.get(step.id) === phase) continue;
    told.set(step.id, phase);
    print(`  ${phase.padEnd(10)} ${step.title}${message || seen ? `: ${message || seen}` : ''}`);
  }
};
