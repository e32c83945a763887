import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Rehearsed {
  plan: string;
  flow: string;
  scope: string;
  outcome: string;
  rtoSeconds: number | null;
  phases: Record<string, number | null>;
  criticalPath: { seconds: number; path: string[] };
  workSeconds: number | null;
}

/** One row of the documents: what they say, and which run shows ours. */
interface Wanted {
  row: string;
  what: string;
  /** In the words of the document. */
  document: string;
  /** Seconds, when the figure is one that was measured there or must be kept. */
  seconds: number;
  run: [plan: string, flow: string, scope: string, down?: 'none'];
  /** What of ours stands beside it. */
  of: (run: Rehearsed) => number | null;
}

const work = (run: Rehearsed) => run.workSeconds;
const rto = (run: Rehearsed) => run.rtoSeconds;

/** Every row with a figure that a run of one procedure shows; restores from backups have none here yet. */
const wanted: Wanted[] = [
  {
    row: 'O1',
    what: 'PostgreSQL under Patroni',
    document: '45 s',
    seconds: 45,
    run: ['openmeet', 'failover', 'postgres'],
    of: work,
  },
  {
    row: 'O2',
    what: 'Redis under Sentinel',
    document: '28 s',
    seconds: 28,
    run: ['openmeet', 'failover', 'redis'],
    of: work,
  },
  {
    row: 'O3',
    what: 'Region failover',
    document: '195 s, 30 of them to detect',
    seconds: 165,
    run: ['openmeet', 'failover', 'region'],
    of: work,
  },
  {
    row: 'M17',
    what: 'Regional outage (level 1)',
    document: '4 h',
    seconds: 14_400,
    run: ['omnimesh', 'failover', 'region'],
    of: rto,
  },
  {
    row: 'L2',
    what: 'Multi-AZ failover',
    document: '2 min',
    seconds: 120,
    run: ['llm-marketplace', 'failover', 'multi-az'],
    of: work,
  },
  {
    row: 'L3',
    what: 'Cross-Region database failover',
    document: '15 min',
    seconds: 900,
    run: ['llm-marketplace', 'failover', 'database'],
    of: rto,
  },
  {
    row: 'L4',
    what: 'Application failover',
    document: '5 min',
    seconds: 300,
    // Its database is well: only the application is moved to the other cluster.
    run: ['llm-marketplace', 'failover', 'application', 'none'],
    of: work,
  },
  {
    row: 'L4',
    what: 'Full platform',
    document: '4 h',
    seconds: 14_400,
    run: ['llm-marketplace', 'failover', 'region'],
    of: rto,
  },
  {
    row: 'T1',
    what: 'Region failover',
    document: '300 s; 360 s phase by phase',
    seconds: 300,
    run: ['teei-csr', 'failover', 'region'],
    of: work,
  },
  {
    row: 'P1',
    what: 'Complete system failure (L1)',
    document: '1 h',
    seconds: 3600,
    run: ['dr-plan', 'failover', 'region'],
    of: rto,
  },
  {
    row: 'P6',
    what: 'Eight services brought back',
    document: '2 h (L2)',
    seconds: 7200,
    run: ['dr-plan', 'recover', 'services'],
    of: work,
  },
];

/**
 * The procedures whose overhead is held against the ledger, each slow enough to have more than ten real seconds of path.
 * Not slower than 17 for the one whose services take a minute to answer: a look is given up after four real seconds.
 */
const paths: { run: [string, string, string]; speed: number }[] = [
  { run: ['openmeet', 'failover', 'region'], speed: 6 },
  { run: ['omnimesh', 'failover', 'region'], speed: 10 },
  { run: ['llm-marketplace', 'failover', 'region'], speed: 8 },
  { run: ['teei-csr', 'failover', 'region'], speed: 17 },
  { run: ['dr-plan', 'failover', 'region'], speed: 10 },
];
const otherSpeed = 8;

export interface PlanFigures {
  overhead: {
    run: string;
    wallSeconds: number;
    pathSeconds: number;
    realSeconds: number;
    ratio: number;
    path: string[];
  }[];
  table: { row: string; what: string; document: string; seconds: number | null; kept: boolean; outcome: string }[];
}

export const measurePlans = async (): Promise<PlanFigures> => {
  const done = new Map<string, Rehearsed>();
  const key = (run: readonly (string | undefined)[]) => run.join(' ');
  const overhead: PlanFigures['overhead'] = [];
  for (const { run, speed } of paths) {
    const found = await rehearse(run, speed);
    done.set(key(run), found);
    const path = found.criticalPath.seconds;
    overhead.push({
      run: key(run),
      wallSeconds: found.workSeconds ?? Number.NaN,
      pathSeconds: path,
      realSeconds: path / speed,
      ratio: (found.workSeconds ?? Number.NaN) / path,
      path: found.criticalPath.path,
    });
  }
  const table: PlanFigures['table'] = [];
  for (const { row, what, document, seconds, run, of } of wanted) {
    const found = done.get(key(run)) ?? (await rehearse(run, otherSpeed));
    done.set(key(run), found);
    const ours = of(found);
    const kept = found.outcome === 'succeeded' && ours !== null && ours <= seconds * 1.05;
    table.push({ row, what, document, seconds: ours, kept, outcome: found.outcome });
  }
  return { overhead, table };
};

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

const rehearse = ([plan, flow, scope, down]: Wanted['run'], speed: number): Promise<Rehearsed> => {
  const durations = fileURLToPath(new URL(`${plan}.yml`, import.meta.url));
  const args = ['plan', 'rehearse', plan, flow, scope, '--json', '--speed', String(speed)];
  if (down) args.push('--down', down);
  if (existsSync(durations)) args.push('--durations', durations);
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [cli, ...args], { maxBuffer: 64_000_000 }, (error, stdout, stderr) => {
      const last = stdout.trim().split('\n').at(-1) ?? '';
      if (last.startsWith('{')) resolve(JSON.parse(last));
      else reject(new Error(`${plan} ${flow} ${scope}: ${error?.message ?? ''}\n${stderr.slice(-2000)}`));
    });
  });
};
