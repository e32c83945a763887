import { fileURLToPath } from 'node:url';
import { runChild, withoutTokens } from '../child.ts';

/** World seconds a second; slow enough that the longest path lasts well over ten real seconds. */
const speed = 10;
const leastRealSeconds = 10;

/** What people take is not Mayday's: noticing (`detect`) and saying yes (`approve`). */
const ours = ['declare', 'decide', 'execute', 'verify'] as const;

interface Told {
  runs: {
    flow: string;
    scope: string;
    outcome: string;
    criticalPathSeconds: number;
    phases: Record<string, number | null>;
  }[];
}

export interface Overhead {
  ratio: number;
  wallSeconds: number;
  criticalPathSeconds: number;
  realSeconds: number;
  phases: Record<string, number | null>;
}

/** The demo's failover of the whole Region: what it took, people's time left out, against its critical path by the ledger. */
export const measureOverhead = async (): Promise<Overhead> => {
  const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
  const told = await runChild<Told>(cli, ['demo', '--json', '--speed', String(speed)], withoutTokens(process.env));
  const run = told.runs.find(({ flow, scope }) => flow === 'failover' && scope === 'region');
  if (run?.outcome !== 'succeeded') throw new Error(`The failover of the demo ended as ${run?.outcome ?? 'nothing'}.`);
  const { criticalPathSeconds, phases } = run;
  const realSeconds = criticalPathSeconds / speed;
  if (realSeconds < leastRealSeconds)
    throw new Error(`The critical path took ${realSeconds} real seconds; at least ${leastRealSeconds} are needed.`);
  const wallSeconds = ours.reduce((sum, name) => sum + (phases[name] ?? Number.NaN), 0);
  return { ratio: wallSeconds / criticalPathSeconds, wallSeconds, criticalPathSeconds, realSeconds, phases };
};
