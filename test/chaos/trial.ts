import type { Step } from '../../src/plan/graph.ts';
import { attempt } from './attempt.ts';
import { birth, boundariesOf, type Point, pointName } from './boundaries.ts';
import { repeatOf, type Scenario } from './scenarios.ts';
import { faultsOf, type Snapshot } from './snapshot.ts';

/** A procedure as it goes when nobody dies, and the moments at which somebody could. */
export interface Whole {
  scenario: Scenario;
  snapshot: Snapshot;
  graph: Step[];
  points: Point[];
}

export interface Trial {
  scenario: Scenario;
  points: readonly Point[];
  /** Those at which a process was killed; a step that had nothing left to do never comes to some of its moments. */
  tried: Point[];
  faults: string[];
  kills: number;
  gaps: number[];
  logs: string;
}

export interface TrialOptions {
  postgresUrl: string;
  speed: number;
  say?(line: string): void;
}

export const tryWhole = async (scenario: Scenario, options: TrialOptions): Promise<Whole> => {
  const { snapshot, state } = await attempt({ ...options, scenario, points: [], graph: [] });
  const graph = state.created.graph.steps;
  const points = [birth, ...graph.map(({ id }) => id)].flatMap((step) => {
    const current = state.steps[step];
    if (step !== birth && current?.state !== 'succeeded') return [];
    return boundariesOf((current?.acts ?? 0) > 0).map((boundary): Point => ({ step, boundary }));
  });
  return { scenario, snapshot, graph, points };
};

/** One run with all these points in it. What it comes to must be what it comes to when nobody dies. */
export const tryPoints = async (whole: Whole, points: readonly Point[], options: TrialOptions): Promise<Trial> => {
  const { scenario, graph } = whole;
  const done = await attempt({ ...options, scenario, points, graph });
  return {
    scenario,
    points,
    tried: done.tried,
    faults: faultsOf(done, whole.snapshot, repeatOf(scenario.plans)),
    kills: done.kills,
    gaps: done.gaps,
    logs: done.logs,
  };
};

/**
 * Deals points into runs: one for each step and run, since a step that dies again and again is given up after three
 * intents, as it should be; and so few that approvals and deadlines, which run in the world's time, are not over before
 * the dead have been replaced.
 */
export const deal = (points: readonly Point[], random: () => number, most = 10): Point[][] => {
  const runs: Point[][] = [];
  for (const point of shuffled(points, random)) {
    const run = runs.find((each) => each.length < most && each.every(({ step }) => step !== point.step));
    if (run) run.push(point);
    else runs.push([point]);
  }
  return runs;
};

/** A point for each action that was not covered yet, and puts those actions among the covered ones. */
export const sampleOf = ({ graph, points }: Whole, covered: Set<string>, random: () => number): Point[] =>
  shuffled(points, random).filter((point) => {
    const step = graph.find(({ id }) => id === point.step);
    if (step?.kind !== 'action' || covered.has(step.uses)) return false;
    // On a busy machine what is carried out late may come after the half minute of the world for which a step waits for it.
    if (point.boundary === 'sent-and-late') return false;
    covered.add(step.uses);
    return true;
  });

export const shuffled = <T>(items: readonly T[], random: () => number): T[] =>
  items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);

/** The same numbers for the same seed (mulberry32). */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

export const fullName = (scenario: Scenario, point: Point): string => `${scenario.name}:${pointName(point)}`;
