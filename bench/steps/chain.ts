/** One chain for both sides: what a run consists of, how many run at once. */
export const stepsPerRun = 20;
export const runsAtOnce = 50;

export interface StepsPerSecond {
  alonePerSecond: number;
  atOncePerSecond: number;
}

const runsToWarmUp = 60;
const runsAlone = 40;
const roundsAtOnce = 4;

/** Steps a second when `play` plays one run: one after the other, then many at once, after the same warming up. */
export const measureChain = async (play: () => Promise<void>): Promise<StepsPerSecond> => {
  const together = () => Promise.all(Array.from({ length: runsAtOnce }, play));
  for (let run = 0; run < runsToWarmUp; run += 1) await play();
  await together();
  const alonePerSecond = await perSecond(runsAlone, async () => {
    for (let run = 0; run < runsAlone; run += 1) await play();
  });
  const atOncePerSecond = await perSecond(runsAtOnce * roundsAtOnce, async () => {
    for (let round = 0; round < roundsAtOnce; round += 1) await together();
  });
  return { alonePerSecond, atOncePerSecond };
};

const perSecond = async (runs: number, work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return (runs * stepsPerRun * 1000) / (performance.now() - start);
};
