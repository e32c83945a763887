import { setTimeout as sleep } from 'node:timers/promises';

/** Somebody who writes a numbered row every so often to whoever takes it, and remembers what was acknowledged. */
export interface Writer {
  acknowledged(): { number: number; at: number }[];
  stop(): Promise<void>;
}

const everyMilliseconds = 50;

export const startWriter = (write: (number: number) => Promise<void>): Writer => {
  const rows: { number: number; at: number }[] = [];
  let running = true;
  const done = (async () => {
    for (let number = 1; running; number += 1) {
      const startedAt = performance.now();
      // What was not acknowledged may be there all the same; it is not promised to anybody.
      await write(number).then(
        () => rows.push({ number, at: performance.now() }),
        () => {},
      );
      await sleep(Math.max(1, everyMilliseconds - (performance.now() - startedAt)));
    }
  })();
  return {
    acknowledged: () => rows,
    async stop() {
      running = false;
      await done;
    },
  };
};

export interface Outage {
  /** Between the last write before and the first write after. */
  rtoSeconds: number;
  /** From the oldest acknowledged write that is gone to the last one before the outage; 0 when none is. */
  rpoSeconds: number;
  acknowledged: number;
  lost: number;
}

/** What an outage cost, by the writes that were acknowledged and the rows that are there afterwards: the longest pause. */
export const outageOf = (writer: Writer, there: Set<number>): Outage => {
  const rows = writer.acknowledged();
  const gaps = rows.slice(1).map(({ at }, index) => at - rows[index]!.at);
  const longest = Math.max(...gaps);
  const last = rows[gaps.indexOf(longest)]!.at;
  // What is gone may have been written after the longest pause as well, to somebody who was no longer to be written to.
  const lost = rows.filter(({ number }) => !there.has(number));
  return {
    rtoSeconds: seconds(longest),
    rpoSeconds: lost.length === 0 ? 0 : seconds(Math.max(last, lost.at(-1)!.at) - lost[0]!.at),
    acknowledged: rows.length,
    lost: lost.length,
  };
};

const seconds = (milliseconds: number): number => Math.round(milliseconds / 10) / 100;

/** One line that a person reads in the tests' output. */
export const report = (what: string, { rtoSeconds, rpoSeconds, acknowledged, lost }: Outage): void => {
  process.stdout.write(
    `  measured: ${what}: RTO ${rtoSeconds} s, RPO ${rpoSeconds} s (${lost} of ${acknowledged} acknowledged writes lost)\n`,
  );
};
