import type { Directory } from '../authority/directory.ts';
import { eligibility } from '../authority/eligibility.ts';
import type {
  ApprovalRule,
  Clock,
  IncidentDirectory,
  Log,
  PersonView,
  PlanDirectory,
  RunDirectory,
} from '../define.ts';
import { hashToApprove } from '../engine/approvals.ts';
import type { RunStore } from '../engine/run-store.ts';
import type { RunState } from '../engine/state.ts';
import { summarise } from '../engine/summary.ts';
import { messageOf } from '../errors.ts';
import type { SlackClient } from '../systems/slack/index.ts';
import { type HomeRun, type HomeSystem, homeView } from './cards/home-view.ts';
import type { MayLook, Talk } from './talk.ts';

export interface HomeOptions {
  slack: SlackClient;
  store: RunStore;
  clock: Clock;
  log: Log;
  directory: Directory;
  runs: Pick<RunDirectory, 'list'>;
  incidents: IncidentDirectory;
  plans: PlanDirectory;
  people(plan: string): PersonView[];
  /** How the watched checks of each plan answer. */
  readiness(): Promise<Omit<HomeSystem, 'title'>[]>;
  channelOf(incident: string): Promise<string | undefined>;
}

export interface HomeTalk extends Talk {
  /** Something happened to a run: who has looked lately sees it. */
  changed(): void;
  stop(): void;
}

/** Whoever opened the tab within this time may be looking still. Wall milliseconds. */
const lookingMs = 10 * 60_000;
/** Between two drawings for the same people, however much happens. */
const pauseMs = 15_000;
const mostLookers = 20;
const openStatuses = ['running', 'halted', 'waiting for approval', 'paused', 'unwinding'];

/** The App Home: drawn when somebody opens it, and again while they may be looking and something happens. */
export const createHomeTalk = (options: HomeOptions & { mayLook: MayLook }): HomeTalk => {
  const { slack, store, clock, log } = options;
  const lookers = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;

  const draw = async (user: string): Promise<void> => {
    const [listed, incidents, systems] = await Promise.all([
      options.runs.list(),
      options.incidents.recent(5),
      options.readiness(),
    ]);
    const open = listed.filter(({ status }) => openStatuses.includes(status));
    const states = await Promise.all(
      open.map(async ({ id }) => (await store.open(id)).refresh().catch(() => undefined)),
    );
    const live = await Promise.all(
      states.flatMap((state) => (state && summarise(state).total > 0 ? [homeRun(state, options.channelOf)] : [])),
    );
    const asked = await Promise.all(
      states.map(async (state) => (state && (await isAsked(state, user, options)) ? state.created.run : undefined)),
    );
    const plans = options.plans.names();
    const isMine = (plan: string) => options.people(plan).some(({ slack: id }) => id === user);
    const mine = plans.filter(isMine);
    const shown = mine.length > 0 ? mine : plans;
    const view = homeView({
      waiting: live.filter(({ run }) => asked.includes(run)),
      live: live.filter(({ run }) => !asked.includes(run)),
      incidents,
      systems: shown.map((plan) => ({
        ...(systems.find((system) => system.plan === plan) ?? { plan, yes: 0, no: 0, unknown: 0, bad: [] }),
        title: options.plans.find(plan).title,
      })),
      now: clock.now(),
    });
    await slack.publishHome(user, view);
  };

  const drawAll = async (): Promise<void> => {
    timer = undefined;
    drawnAt = performance.now();
    for (const [user, at] of [...lookers].slice(-mostLookers))
      if (performance.now() - at > lookingMs) lookers.delete(user);
      else await draw(user).catch((error) => log.warn({ user }, messageOf(error)));
  };

  return {
    word: 'home',
    async event(event, { team }) {
      if (event['type'] !== 'app_home_opened' || event['tab'] !== 'home') return;
      const user = String(event['user']);
      await options.mayLook(user, team);
      lookers.delete(user);
      lookers.set(user, performance.now());
      await draw(user);
    },
    async action({ user, team }) {
      await options.mayLook(user, team);
      lookers.set(user, performance.now());
      await draw(user);
    },
    changed() {
      if (lookers.size === 0) return;
      timer ??= setTimeout(() => void drawAll(), Math.max(500, drawnAt + pauseMs - performance.now()));
    },
    stop: () => clearTimeout(timer),
  };
};

const homeRun = async (state: RunState, channelOf: HomeOptions['channelOf']): Promise<HomeRun> => {
  const { run, graph, requestedAt, incident } = state.created;
  const { standing, done, total } = summarise(state);
  return {
    run,
    hash: hashToApprove(state),
    title: graph.title,
    flow: graph.flow,
    scope: graph.scope,
    standing,
    done,
    total,
    requestedAt,
    channel: await channelOf(incident),
  };
};

/** It waits for a yes that this person could give now, and has not given. */
const isAsked = async (state: RunState, user: string, options: HomeOptions): Promise<boolean> => {
  const step = state.created.graph.steps.find(
    ({ uses, id }) => uses === 'engine/approval' && state.steps[id]!.state === 'waiting',
  );
  if (!step) return false;
  if (state.approvals[step.id]?.given.some(({ person }) => person === user)) return false;
  const rule = step.input as unknown as ApprovalRule;
  if (!rule.requesterCounts && state.created.requester.person === user) return false;
  const people = options.people(state.created.graph.plan);
  return (await eligibility(rule, user, people, options.directory, options.log)).slots.length > 0;
};
