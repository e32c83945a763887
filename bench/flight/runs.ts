import { setTimeout as sleep } from 'node:timers/promises';
import { chainStep, graphOf, openEngine } from '../engine.ts';

/** A process of its own, so that its memory is that of a bot with so many runs. */
const engine = await openEngine(process.argv[2]!);
const runs = Number(process.argv[3]);
const stepsPerRun = 20;

/** Every fifth step waits, for three to eight seconds, so that runs come back in each other's way. */
const graph = () =>
  graphOf(
    Array.from({ length: stepsPerRun }, (_, index) =>
      index % 5 === 2
        ? {
            ...chainStep(index),
            kind: 'engine' as const,
            uses: 'engine/wait',
            version: 1,
            input: { seconds: 3 + Math.random() * 5 },
          }
        : chainStep(index),
    ),
  );
const start = performance.now();
// Begun over five seconds: what is measured is the flight, not a thousand commands in one instant.
const states = await Promise.all(
  Array.from({ length: runs }, async (_, index) => {
    await sleep((index * 5_000) / runs);
    return engine.play(graph());
  }),
);
const seconds = (performance.now() - start) / 1000;
const late = states.flatMap((state) =>
  state.created.graph.steps.map(({ id, input }) => {
    const { startedAt, endedAt } = state.steps[id]!;
    const due = Date.parse(startedAt!) + ((input as { seconds?: number }).seconds ?? 0) * 1000;
    return Date.parse(endedAt!) - due;
  }),
);
late.sort((a, b) => a - b);
await engine.close();
process.stdout.write(
  `${JSON.stringify({ runs, seconds, medianMs: late[Math.floor(late.length / 2)], latestMs: late.at(-1), peakMegabytes: process.resourceUsage().maxRSS / 1024 })}\n`,
);
process.exit(0);
