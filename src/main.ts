import { commands } from '../commands/index.ts';
import { flows } from '../flows/index.ts';
import { createDirectory } from './authority/directory.ts';
import { whoIsIn } from './authority/who-may.ts';
import { mergeBreakGlass, unmerged } from './break-glass/merge.ts';
import { createCardKeeper } from './chat/card-keeper.ts';
import { createChat } from './chat/chat.ts';
import { eventToKeep, isHeard } from './chat/heard-events.ts';
import { createIncidentKeeper } from './chat/incident/incident-keeper.ts';
import { createRefusals } from './chat/refusals.ts';
import { startSlackApp } from './chat/slack-app.ts';
import { type VerifiedRequest, whatWasAsked } from './chat/slack-request.ts';
import { createChecklists } from './checklists.ts';
import { openCheckpointPlaces } from './checkpoint-places.ts';
import { type Environment, readSettings } from './config.ts';
import type { Json, Lane } from './define.ts';
import { measureLosses } from './engine/bounds.ts';
import { createIncidentStore } from './engine/incident-store.ts';
import type { EnginePorts } from './engine/ports.ts';
import { createRunStore, lanes } from './engine/run-store.ts';
import { createWorker } from './engine/worker.ts';
import { MaydayError, messageOf } from './errors.ts';
import { keepSecretsFresh } from './fresh-secrets.ts';
import { incidentFacts } from './incident-facts.ts';
import { createReadIncident } from './incident-record.ts';
import { appendToSystem } from './journal/append-to-system.ts';
import { createCallBudget } from './journal/call-budget.ts';
import { createCheckpoints } from './journal/checkpoints.ts';
import { openDatabase } from './journal/database.ts';
import { createDueTimes } from './journal/due-times.ts';
import { createInbox } from './journal/inbox.ts';
import { createJournal } from './journal/journal.ts';
import { createLeases } from './journal/leases.ts';
import { indexAudit } from './journal/search.ts';
import { openSigningKey } from './journal/signing-key.ts';
import { watchJournal } from './journal/watched-journal.ts';
import { openWorldClock } from './journal/world-clock.ts';
import { hideSettings, hideValue, namedVariables } from './known-secrets.ts';
import { createLog } from './logging.ts';
import { lookAround } from './look-around.ts';
import { payObligations } from './obligations.ts';
import type { PlanStore } from './plan/plan-store.ts';
import { viewPlan } from './plan/view.ts';
import { createTools, loadPlans, templateEscapes } from './plan-language.ts';
import { faultsOfGraphs } from './plan-tools/faults-of-graphs.ts';
import { commandOf } from './plan-tools/plan-details.ts';
import { createPlanTools } from './plan-tools/plan-tools.ts';
import { openQueue } from './queue/queue.ts';
import { redact, redactAll } from './redact.ts';
import { createIncidentDirectory, createRunDirectory } from './run-directory.ts';
import { runFacts } from './run-facts.ts';
import { createRunService } from './run-service.ts';
import { steeredBy } from './steered-by.ts';
import { createLinkApprovals, createLinkMailer } from './step-up/approval-links.ts';
import { openSealingKey } from './step-up/sealing-key.ts';
import { createStepUp } from './step-up/step-up.ts';
import { createTemplates } from './templates/render.ts';
import { readReadiness } from './watch/readiness.ts';
import { createWatch } from './watch/watch.ts';
import { startWeb } from './web/web.ts';

export interface Mayday {
  slackUrl: string | undefined;
  webUrl: string;
  close(): Promise<void>;
}

/** Wires everything and starts it; plans and templates have been linted by then. `databaseUrl` is settled by the caller: the embedded server or one of your own. */
export const startMayday = async (environment: Environment, databaseUrl: string): Promise<Mayday> => {
  hideSettings({ ...environment, DATABASE_URL: databaseUrl });
  const settings = readSettings(environment);
  const log = createLog(settings.MAYDAY_LOG);
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse())
      await Promise.resolve(closer()).catch((error: unknown) => log.warn({}, messageOf(error)));
  };
  try {
    const ownerUrl = databaseUrl === settings.DATABASE_URL ? settings.DATABASE_OWNER_URL : undefined;
    const database = await openDatabase(databaseUrl, { ownerUrl });
    closers.push(() => database.close());
    const clock = await openWorldClock(database.pool, settings.MAYDAY_WORLD_CLOCK);
    // Nothing is worked on before the journal knows what was done without it.
    for (const file of unmerged(settings.MAYDAY_DATA)) {
      const { run, entries } = await mergeBreakGlass(file, database.pool, { clock });
      log.warn({ run, entries }, 'a run that was carried out without the database is in the journal now');
    }
    const secrets = keepSecretsFresh(environment, settings, { log, wallNow: () => clock.wall() });
    closers.push(() => secrets.stop());
    const { systems, registry, plans } = loadPlans(settings, {
      ...createTools(settings, environment, clock, log),
      budget: createCallBudget(database.pool, clock),
    });
    closers.push(() => Promise.allSettled(systems.all.map((system) => system.close())));
    for (const name of namedVariables([...plans.all().values()].map(({ text }) => text)))
      hideValue(name, environment[name] ?? '');
    const templates = createTemplates(settings.MAYDAY_TEMPLATES, templateEscapes);
    const { journal, writeFault } = watchJournal(createJournal(database.pool, () => clock.wall()));
    const inbox = createInbox(database.pool, () => clock.wall());
    const signingKey = openSigningKey(settings.MAYDAY_SIGNING_KEY, settings.MAYDAY_DATA);
    if (signingKey.isNew)
      log.info(
        { key: signingKey.id, public: signingKey.publicFile },
        'a pair of keys for the checkpoints of the audit trail was made; keep a copy of the public one where auditors find it',
      );
    const secondPlaces = openCheckpointPlaces(
      settings,
      databaseUrl,
      () => clock.wall(),
      (channel, text) => systems.slack.client.postMessage(channel, { text }),
    );
    closers.push(() => secondPlaces.close());
    const checkpoints = createCheckpoints({
      pool: database.pool,
      key: signingKey,
      places: secondPlaces.places,
      everyEntries: settings.MAYDAY_CHECKPOINT_ENTRIES,
      wallNow: () => clock.wall(),
      log,
    });
    const watch = createWatch({ pool: database.pool, clock, log, registry, plans: () => plans.all() });
    const queue = await openQueue({ databaseUrl, redisUrl: settings.REDIS_URL }, log);
    closers.push(() => queue.close());

    const incidents = createIncidentDirectory(database.pool);
    const channelOf = async (incident: string): Promise<string | undefined> =>
      (await database.pool.query(`SELECT facts->>'channel' AS channel FROM incidents WHERE id = $1`, [incident]))
        .rows[0]?.channel ?? undefined;
    const cards = createCardKeeper({
      slack: systems.slack.client,
      pool: database.pool,
      clock,
      log,
      channelOf,
      record: async (runId, event) => (await store.open(runId)).commit(() => [event], { actor: 'mayday' }),
    });
    const incidentStore = createIncidentStore({ journal, clock, changed: (id) => incidentKeeper.changed(id) });
    const leases = createLeases(database);
    const incidentKeeper = createIncidentKeeper({
      leases,
      slack: systems.slack.client,
      pool: database.pool,
      clock,
      log,
      store: incidentStore,
      linksOf: (name) => linksOf(plans, name),
      digestChannel: settings.MAYDAY_DIGEST_CHANNEL,
      instructions: (id, incident, role) =>
        templates.render('slack/incident-role', { ...incidentFacts(id, incident, clock.now()), role }),
    });
    // One for all, so that whoever asks at the same moment shares the answer.
    const membership = createDirectory(systems);
    const flowOf = new Map<string, string>();
    const peopleOf = (name: string) => {
      const view = viewPlan(plans.find(name), registry);
      return Object.keys(plans.find(name).text.people).map((person) => view.person(person));
    };
    const ports: EnginePorts = {
      journal,
      leases,
      clock,
      log,
      wake: (runId, lane) => worker.offer(runId, lane) || queue.wake(runId, lane, flowOf.get(runId) ?? 'run'),
      dueAt: createDueTimes(database.pool),
      render: async (template, state, extra) => templates.render(template, runFacts(state, clock.now()), extra),
      facts: (state) => runFacts(state, clock.now()) as never,
      whoIs: (plan, groups) => whoIsIn(groups, peopleOf(plan), membership),
      readLoss: (plan, input, signal) => watch.readLoss(plan, input, signal),
      failingSince: (plan, check, from, to) => watch.failingSince(plan, check, from, to),
      changed(state) {
        flowOf.set(state.created.run, state.created.graph.flow);
        if (state.outcome !== null) flowOf.delete(state.created.run);
        cards.changed(state);
        chat.changed();
      },
    };
    const store = createRunStore(ports);
    const worker = createWorker(ports, registry, store);
    const service = createRunService({
      pool: database.pool,
      clock,
      log,
      plans,
      registry,
      flows,
      ports,
      store,
      watch,
      channelPattern: settings.MAYDAY_INCIDENT_CHANNEL,
      digestChannel: settings.MAYDAY_DIGEST_CHANNEL && `#${settings.MAYDAY_DIGEST_CHANNEL}`,
      onCallNow: (schedule) => systems.pagerduty.onCallNow(schedule),
    });
    const directory = createRunDirectory(database.pool, store);

    const record = ({ type, actor, data }: { type: string; actor: string; data: object }) =>
      appendToSystem(journal, { type, version: 1, actor, data });
    const stepUp = createStepUp({
      pool: database.pool,
      key: openSealingKey(settings.MAYDAY_STEP_UP_KEY, settings.MAYDAY_DATA),
      now: () => clock.wall(),
      worldNow: () => clock.now(),
      record,
    });
    let webUrl = settings.MAYDAY_WEB_URL;
    const mailLink = createLinkMailer({
      stepUp,
      email: systems.email.client,
      planOf: (name) => plans.find(name),
      render: (template, state, extra) => templates.render(template, runFacts(state, clock.now()), extra),
      baseUrl: () => webUrl,
    });
    const refusals = createRefusals({
      append: (events) => appendToSystem(journal, ...events.map((event) => ({ ...event, version: 1 }))),
      onLost: (error) => log.warn({}, `refusals were not put on record: ${messageOf(error)}`),
    });
    const chat = createChat({
      stepUp: { ...stepUp, mailLink },
      refusals,
      slack: systems.slack.client,
      directory: membership,
      clock,
      log,
      store,
      commands,
      plans: {
        names: () => [...plans.all().keys()],
        find(name) {
          const view = viewPlan(plans.find(name), registry);
          const situations = plans.find(name).text.triggers.flatMap(({ situation }) => situation ?? []);
          return {
            name: view.plan,
            title: view.title,
            places: view.places,
            scopes: (flow) => view.scopes(flow),
            situations,
          };
        },
      },
      runs: { ...directory, control: () => Promise.reject(new Error('the chat decides who may')) },
      incidents,
      channelOf,
      readiness: () => readReadiness(database.pool),
      rulesNow(name) {
        const plan = plans.find(name);
        const view = viewPlan(plan, registry);
        return Object.keys(plan.text.approvals).map((flow) => ({ flow, rule: view.approvalRule(flow, clock.now()) }));
      },
      pool: database.pool,
      async home(name) {
        const { title, announce } = viewPlan(plans.find(name), registry);
        const [incident] = (await incidents.open()).filter(({ plan }) => plan === name);
        return { title, channel: incident?.channel ?? announce.channels[0]?.name };
      },
      nothingToDo: (proposal) => service.nothingToDo(proposal),
      record,
      incidentStore,
      readIncident: createReadIncident({ pool: database.pool, journal, clock, store: incidentStore }),
      checklists: createChecklists({ store, plans, registry, clock, log }),
      planTools: createPlanTools({
        directory: membership,
        registry,
        clock,
        log,
        readLoss: (plan, input, signal) => watch.readLoss(plan, input, signal),
        find: (name) => plans.find(name),
        lint: (plan) => faultsOfGraphs(plan, registry),
      }),
      planDigest(name) {
        try {
          return plans.find(name).digest;
        } catch {
          return undefined;
        }
      },
      commandOf: (step, state) =>
        commandOf(step, registry, (id, output) => (state.steps[id]?.output as Record<string, Json> | null)?.[output]),
      measure: (state) => measureLosses(state, ports.readLoss),
      steeredBy: (state) => steeredBy(state, plans, registry, clock.now()),
      people: peopleOf,
      async start(request, by) {
        const started = await service.start(request, by);
        if ('nothingToDo' in started) return started;
        return { runId: started.state.created.run, incident: started.state.created.incident, isNew: started.isNew };
      },
    });

    const counters: Record<string, number> = {
      slack_requests_refused: 0,
      slack_requests_accepted: 0,
      slack_requests_repeated: 0,
    };
    const refusedReasons = new Map<string, number>();
    const received = createRecent(20_000);
    const remember = async (key: string, request: VerifiedRequest): Promise<'new' | 'seen'> => {
      if (!isHeard(request)) return 'new';
      // Somebody who sends the same again and again costs the database nothing.
      const result = received.has(key)
        ? 'seen'
        : await inbox.receive({
            key,
            kind: request.kind,
            body: bodyToKeep(request),
            actor: `slack:${request.user ?? 'unknown'}`,
            summary: summaryOf(request),
          });
      received.add(key);
      counters[result === 'new' ? 'slack_requests_accepted' : 'slack_requests_repeated']! += 1;
      return result;
    };
    const inHand = new Set<string>();
    const handled = async (key: string, work: () => Promise<unknown>): Promise<void> => {
      inHand.add(key);
      await work().finally(() => inHand.delete(key));
      await inbox.handled(key).catch((error) => log.warn({ key }, messageOf(error)));
    };

    const app = await startSlackApp({
      settings: settings.slack,
      formerSigningSecret: () => secrets.formerSigningSecret(),
      remember,
      log,
      now: () => clock.wall(),
      host: settings.HOST,
      port: settings.PORT,
      onRefused(reason, { proven, request }) {
        counters['slack_requests_refused']! += 1;
        if (!proven) return void refusedReasons.set(reason, (refusedReasons.get(reason) ?? 0) + 1);
        const { user = 'unknown', team, body = {} } = request ?? {};
        refusals.note({ user, team, what: whatWasAsked(body) }, new MaydayError('input/invalid', reason));
      },
      onCommand: (command, respond) => handled(`command:${command.trigger_id}`, () => chat.command(command, respond)),
      onAction: (payload, respond) => handled(`action:${payload.trigger_id}`, () => chat.action(payload, respond)),
      async onView(payload) {
        const answer = await chat.view(payload);
        await inbox.handled(`view:${(payload as { trigger_id?: string }).trigger_id}`).catch(() => {});
        return answer;
      },
      onShortcut: (payload) => handled(`shortcut:${payload.trigger_id}`, () => chat.shortcut(payload)),
      async onEvent(event, { id, team, from }) {
        if (isHeard({ kind: 'event', body: { event } }))
          await handled(`event:${id}`, () => chat.event(event, { team, from }));
      },
    });
    closers.push(() => app.close());

    // What was accepted but never handled, because the process died in between, is handled now, by whoever lives. A
    // request handled twice starts one run, for the run's id follows from the request; a yes said twice is one yes.
    // A click's form can no longer be opened, and its person sees that nothing came of it.
    const catchUp = async () => {
      for (const { key, kind, body } of await inbox.unhandled(unhandledSeconds)) {
        if (inHand.has(key)) continue;
        if (kind === 'command') await chat.command(JSON.parse(body), async () => {});
        if (kind === 'action' && body !== '{}') await chat.action(JSON.parse(body), async () => {});
        if (kind === 'event' && body !== '{}') {
          const { event, team, from = { teams: [team], enterprise: undefined } } = JSON.parse(body);
          await chat.event(event, { team, from });
        }
        await inbox.handled(key);
      }
    };
    const look = (runId: string, lane: Lane) => worker.process(runId, lane);
    const sweep = async () => {
      const { rows } = await database.pool.query({
        name: 'sweep',
        text: `${lanes
          .map((lane) => `SELECT id, flow, '${lane}' AS lane FROM runs WHERE look_${lane}_at <= clock_timestamp()`)
          .join(' UNION ALL ')} LIMIT 500`,
      });
      for (const { id, flow, lane } of rows) {
        flowOf.set(id, flow);
        look(id, lane).catch((error) => log.error({ run: id, lane }, messageOf(error)));
      }
    };
    const noteRefusals = async () => {
      await refusals.flush();
      if (refusedReasons.size === 0) return;
      const reasons = Object.fromEntries(refusedReasons);
      refusedReasons.clear();
      await appendToSystem(journal, { type: 'requests.refused', version: 1, actor: 'mayday', data: { reasons } });
    };
    const every = (ms: number, what: string, work: () => Promise<unknown>) => {
      let busy = false;
      const timer = setInterval(() => {
        if (busy) return;
        busy = true;
        work()
          .catch((error) => log.warn({ what }, messageOf(error)))
          .finally(() => {
            busy = false;
          });
      }, ms);
      closers.push(() => clearInterval(timer));
    };
    // First what may start work is stopped, then the work, so that what is under way can still be recorded.
    closers.push(() => worker.stop(8_000));
    closers.push(() => cards.stop());
    closers.push(() => chat.stop());
    closers.push(() => incidentKeeper.stop());
    closers.push(() => watch.stop());
    every(1_000, 'sweep', sweep);
    every(2_000, 'inbox', catchUp);
    every(60_000, 'refusals', noteRefusals);
    every(2_000, 'reminders', () => chat.remind());
    every(2_000, 'checkpoints', () => checkpoints.turn());
    every(5_000, 'audit index', () => indexAudit(database.pool));
    every(1_000, 'obligations', () => payObligations(database.pool, service, () => clock.now(), log));
    closers.push(noteRefusals);

    await queue.work(lanes, look);
    const drawMissing = () => cards.catchUp(async (runId) => (await store.open(runId)).refresh());
    await drawMissing();
    every(2_000, 'cards', drawMissing);
    every(1_000, 'incidents', () => incidentKeeper.turn());
    const watched = watch.start();
    void lookAround(plans.all().values(), registry, clock, log);
    const web = await startWeb({
      approvals: createLinkApprovals({ stepUp, store, orders: chat.orders, people: peopleOf }),
      host: settings.HOST,
      port: settings.WEB_PORT,
      counters: () => counters,
      async health() {
        try {
          const { rows } = await inTime(
            database.pool.query(`SELECT count(*) AS live FROM runs WHERE finished_at IS NULL`),
          );
          const fault = writeFault();
          if (fault !== undefined) throw new Error(fault);
          return {
            ok: true,
            journal: 'ok',
            queue: queue.backend,
            chat: app.url ?? 'socket mode',
            liveRuns: rows[0].live,
            paused: await queue.paused(),
            checkpoints: await checkpoints.health(),
            cards: cards.health(),
          };
        } catch (error) {
          return {
            ok: false,
            journal: `no new change is made: ${messageOf(error)}`,
            queue: queue.backend,
            chat: app.url ?? 'socket mode',
            liveRuns: 0,
            paused: [],
          };
        }
      },
    });
    webUrl ??= web.url;
    closers.push(() => web.close());
    // Loss is counted from when a source was last seen alive, so a start has seen what lives before it says that it is
    // ready. What does not answer holds it up no longer than this.
    await Promise.race([watched, new Promise((resolve) => setTimeout(resolve, firstLookMilliseconds).unref())]);
    log.info(
      { slack: app.url ?? 'socket mode', web: web.url, queue: queue.backend, plans: [...plans.all().keys()] },
      'Mayday is ready',
    );
    return { slackUrl: app.url, webUrl: web.url, close };
  } catch (error) {
    await close();
    throw error;
  }
};

/** What a plan says of where its system is watched; nothing when the plan is gone or broken. */
const linksOf = (plans: PlanStore, name: string): Record<string, string> => {
  try {
    const { links } = plans.find(name).text;
    return Object.fromEntries(
      Object.entries(links).map(([key, link]) => [
        key.replaceAll('-', ' ').replace(/^./, (c) => c.toUpperCase()),
        link,
      ]),
    );
  } catch {
    return {};
  }
};

const firstLookMilliseconds = 1_500;

/** Longer than a command usually takes while its process lives; handled by two at once it is still handled once. */
const unhandledSeconds = 8;

/** Which keys were taken lately; those that are forgotten are found in the database. */
const createRecent = (most: number) => {
  const keys = new Set<string>();
  return {
    has: (key: string) => keys.has(key),
    add(key: string) {
      keys.add(key);
      if (keys.size > most) keys.delete(keys.values().next().value as string);
    },
  };
};

/** A database that neither answers nor breaks must be said within seconds. */
const inTime = async <T>(asked: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the database does not answer')), 3_000);
  });
  asked.catch(() => {});
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
};

/** What must be there to handle it again after a crash; Slack's old verification token is not. */
const bodyToKeep = ({ kind, body }: VerifiedRequest): string => {
  if (kind === 'action') return JSON.stringify(redactAll(clickToKeep(body)));
  if (kind === 'event') return JSON.stringify(redactAll(eventToKeep(body)));
  if (kind !== 'command') return '{}';
  const { token: _, ...rest } = body;
  return JSON.stringify(redactAll(rest));
};

/** Clicks that come to the same when they are handled twice. Trying again is none of them: it may have failed since. */
const keptClicks = ['run:approve', 'run:cancel', 'run:abort'];

const clickToKeep = ({ actions, user, team, enterprise, channel, trigger_id }: Record<string, any>): object => {
  const [action] = actions ?? [];
  if (!keptClicks.includes(action?.action_id)) return {};
  const { type, action_id, value } = action;
  return {
    trigger_id,
    user: { id: user?.id, team_id: user?.team_id },
    team: { id: team?.id },
    enterprise: enterprise && { id: enterprise.id },
    channel: { id: channel?.id },
    actions: [{ type, action_id, value }],
  };
};

/** Cut after its secrets are gone: half of one is not known for one. */
const firstOf = (text: unknown): string | undefined =>
  typeof text === 'string' ? redact(text).slice(0, 100) : undefined;

const summaryOf = ({ kind, body, team }: VerifiedRequest): Record<string, unknown> => {
  if (kind === 'command') return { team, command: String(body['command']), text: redact(String(body['text'] ?? '')) };
  if (kind === 'action')
    return {
      team,
      actions: (body['actions'] ?? []).map((action: { action_id?: string; value?: string }) => ({
        action: action.action_id,
        value: firstOf(action.value),
      })),
    };
  if (kind === 'view') return { team, form: body['view']?.callback_id, about: firstOf(body['view']?.private_metadata) };
  return { team, event: body['event']?.type };
};
