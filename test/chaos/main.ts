import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '../../src/journal/embedded-postgres.ts';
import { type Point, pointFrom, pointName } from './boundaries.ts';
import { flowsWithoutCommand, type Scenario, scenariosIn } from './scenarios.ts';
import { deal, fullName, randomFrom, shuffled, type Trial, tryPoints, tryWhole, type Whole } from './trial.ts';

const usage = `npm run chaos -- [--minutes 5] [--seed N] [--all] [--state FOLDER] [--plans plans] [--only <procedure>[:<point>,<point>]] [--speed 20]
Kills the bot at the boundaries of every step of every procedure and compares with a run in which nobody dies.
  --minutes  how long to try points, dealt by the seed (5)
  --all      every point, however long it takes; what was tried is kept under --state, so that it can be gone on with
  --only     one procedure (omnimesh/failover/region), or exactly these points of it in one run`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    all: { type: 'boolean', default: false },
    state: { type: 'string' },
    plans: { type: 'string', default: 'plans' },
    only: { type: 'string' },
    speed: { type: 'string', default: '20' },
    help: { type: 'boolean', default: false },
  },
});

interface Progress {
  /** Points that were tried, by full name, with what did not hold. */
  tried: Record<string, string[]>;
}

const say = (line: string) => process.stdout.write(`${line}\n`);

const openState = (folder: string | undefined): { state: Progress; keep(): void } => {
  if (!folder) return { state: { tried: {} }, keep() {} };
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'chaos.json');
  const state: Progress = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { tried: {} };
  return { state, keep: () => writeFileSync(file, JSON.stringify(state, null, 1)) };
};

const main = async (): Promise<number> => {
  if (values.help) {
    say(usage);
    return 0;
  }
  const seed = Number(values.seed);
  const random = randomFrom(seed);
  const [onlyScenario, onlyPoints] = (values.only ?? '').split(':');
  const scenarios = scenariosIn(values.plans).filter(({ name }) => !onlyScenario || name === onlyScenario);
  if (scenarios.length === 0)
    throw new Error(
      `No procedure is called ${onlyScenario}; there are ${scenariosIn(values.plans)
        .map(({ name }) => name)
        .join(', ')}.`,
    );
  const { state, keep } = openState(values.state ?? (values.all ? '.mayday/chaos' : undefined));
  const endAt =
    values.all || onlyPoints ? Number.POSITIVE_INFINITY : performance.now() + Number(values.minutes) * 60_000;
  say(
    `seed ${seed}; ${values.all ? 'every point' : `${values.minutes} minutes`}; ${scenarios.length} procedures of ${values.plans}`,
  );

  if (flowsWithoutCommand().length > 0)
    say(`not tried, as no command starts them: ${flowsWithoutCommand().join(', ')}`);
  const folder = mkdtempSync(join(tmpdir(), 'mayday-chaos-'));
  // Root's PostgreSQL runs as another user, who must be able to enter.
  chmodSync(folder, 0o755);
  const postgres = await startEmbeddedPostgres({ folder, keepRunning: false });
  const options = { postgresUrl: await postgres.database('postgres'), speed: Number(values.speed), say };
  const gaps: number[] = [];
  let kills = 0;
  let unreached = 0;
  const held: string[] = [];
  const broken: { name: string; faults: string[]; replay: string }[] = [];

  const replay = (scenario: Scenario, points: readonly Point[]) =>
    `npm run chaos -- --plans ${values.plans} --speed ${values.speed} --only '${scenario.name}:${points.map(pointName).join(',')}'`;
  const note = (trial: Trial) => {
    kills += trial.kills;
    gaps.push(...trial.gaps);
    unreached += trial.points.length - trial.tried.length;
    for (const point of trial.tried) {
      const name = fullName(trial.scenario, point);
      if (trial.faults.length === 0) held.push(name);
      state.tried[name] = trial.faults;
    }
    keep();
  };
  const tryRun = async (whole: Whole, points: readonly Point[]): Promise<void> => {
    const { scenario } = whole;
    say(`${scenario.name}: ${points.map(pointName).join(', ')}`);
    const started = performance.now();
    const trial = await tryPoints(whole, points, options);
    const took = `${((performance.now() - started) / 1000).toFixed(0)} s, ${trial.kills} kills`;
    if (trial.faults.length === 0 || points.length === 1) {
      note(trial);
      say(
        `  ${trial.faults.length === 0 ? 'held' : 'DID NOT HOLD'} (${trial.tried.length} of ${points.length} points reached, ${took})`,
      );
      if (trial.faults.length > 0)
        broken.push({ name: fullName(scenario, points[0]!), faults: trial.faults, replay: replay(scenario, points) });
      return;
    }
    // One of them is to blame, or only several together are: each is tried alone.
    say(`  did not hold together (${took}): ${trial.faults.slice(0, 3).join('; ')}`);
    const before = broken.length;
    for (const point of trial.tried) await tryRun(whole, [point]);
    if (broken.length === before)
      broken.push({
        name: `${scenario.name} with ${points.length} points`,
        faults: trial.faults,
        replay: replay(scenario, points),
      });
  };

  try {
    const wholes = new Map<string, { whole: Whole; runs: Point[][] }>();
    const open = async (scenario: Scenario): Promise<{ whole: Whole; runs: Point[][] }> => {
      const known = wholes.get(scenario.name);
      if (known) return known;
      const whole = await tryWhole(scenario, { ...options, speed: Math.max(options.speed, 60) });
      say(`${scenario.name} without a death: ${whole.snapshot.outcome}, ${whole.points.length} points`);
      const left = whole.points.filter((point) => !(fullName(scenario, point) in state.tried));
      const found = { whole, runs: onlyPoints ? [onlyPoints.split(',').map(pointFrom)] : deal(left, random) };
      wholes.set(scenario.name, found);
      return found;
    };
    // By turns, so that a short time tries something of everything.
    let waiting = shuffled(scenarios, random);
    while (waiting.length > 0) {
      const [scenario, ...others] = waiting;
      waiting = others;
      const { whole, runs } = await open(scenario!);
      const points = runs.shift();
      if (points && performance.now() < endAt) await tryRun(whole, points);
      if (runs.length > 0 && performance.now() < endAt) waiting.push(scenario!);
      if (performance.now() >= endAt) break;
    }
  } finally {
    await postgres.close();
    rmSync(folder, { recursive: true, force: true });
  }

  gaps.sort((a, b) => a - b);
  const at = (share: number) => gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * share))] ?? 0;
  say(
    `\npoints tried ${Object.keys(state.tried).length}, held ${Object.values(state.tried).filter((faults) => faults.length === 0).length}; ${unreached} not come to in their runs; ${kills} kills in this session`,
  );
  if (gaps.length > 0)
    say(`from a kill to the next event of its run: median ${at(0.5)} ms, 95 % ${at(0.95)} ms, worst ${at(1)} ms`);
  for (const { name, faults, replay: again } of broken)
    say(`\nDID NOT HOLD: ${name}\n  ${faults.join('\n  ')}\n  again: ${again}`);
  say(`seed ${seed}`);
  return broken.length === 0 ? 0 : 1;
};

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  },
);
