import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/journal/embedded-postgres.ts';
import { inFolder, runChild } from '../child.ts';

const runs = 1_000;

export interface FlightMeasured {
  runs: number;
  seconds: number;
  /** How much later than it could a step ended: the work itself takes no time. */
  medianMs: number;
  latestMs: number;
  peakMegabytes: number;
}

/** Many runs at once in one process, each most of its time in a wait. */
export const measureFlight = (): Promise<FlightMeasured> =>
  inFolder(async (folder) => {
    const server = await startEmbeddedPostgres({ folder: join(folder, 'postgres') });
    try {
      return await runChild<FlightMeasured>(join(import.meta.dirname, 'runs.ts'), [
        await server.database('flight'),
        String(runs),
      ]);
    } finally {
      await server.close();
    }
  });
