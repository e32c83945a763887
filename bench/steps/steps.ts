import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/journal/embedded-postgres.ts';
import { inFolder, runChild } from '../child.ts';
import type { StepsPerSecond } from './chain.ts';

const rounds = 3;

export interface StepsMeasured {
  mayday: StepsPerSecond;
  dbos: StepsPerSecond;
  /** Mayday's figure divided by DBOS's. */
  aloneRatio: number;
  atOnceRatio: number;
}

/**
 * The same chain through Mayday and through DBOS Transact, on one embedded PostgreSQL with its durability left as it
 * is. The two take turns, each time as a process and in a database of its own; each figure is the middle of its rounds.
 */
export const measureSteps = (): Promise<StepsMeasured> =>
  inFolder(async (folder) => {
    const server = await startEmbeddedPostgres({ folder: join(folder, 'postgres') });
    try {
      const measured: Record<'mayday' | 'dbos', StepsPerSecond[]> = { mayday: [], dbos: [] };
      for (let round = 0; round < rounds; round += 1)
        for (const side of ['dbos', 'mayday'] as const) {
          const program = join(import.meta.dirname, `${side}.ts`);
          measured[side].push(await runChild<StepsPerSecond>(program, [await server.database(`${side}_${round}`)]));
        }
      const [mayday, dbos] = [middle(measured.mayday), middle(measured.dbos)];
      return {
        mayday,
        dbos,
        aloneRatio: mayday.alonePerSecond / dbos.alonePerSecond,
        atOnceRatio: mayday.atOncePerSecond / dbos.atOncePerSecond,
      };
    } finally {
      await server.close();
    }
  });

const middle = (figures: StepsPerSecond[]): StepsPerSecond => {
  const of = (key: keyof StepsPerSecond) =>
    figures.map((figure) => figure[key]).sort((a, b) => a - b)[Math.floor(figures.length / 2)]!;
  return { alonePerSecond: of('alonePerSecond'), atOncePerSecond: of('atOncePerSecond') };
};
