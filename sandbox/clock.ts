/** The world's time: it starts at a chosen moment and runs `speed` times as fast as the machine's own. */
export interface WorldClock {
  readonly speed: number;
  readonly wallStart: Date;
  readonly worldStart: Date;
  now(): Date;
  /** Resolves after that many world seconds; at once for zero. */
  sleep(worldSeconds: number): Promise<void>;
  /** Calls back after that many world seconds; returns a function that prevents it. */
  after(worldSeconds: number, callback: () => void): () => void;
}

export const createWorldClock = (options: { speed: number; worldStart: Date }): WorldClock => {
  const wallStart = new Date();
  const startedAt = performance.now();
  const after = (worldSeconds: number, callback: () => void) => {
    const timer = setTimeout(callback, (worldSeconds * 1000) / options.speed);
    timer.unref();
    return () => clearTimeout(timer);
  };
  return {
    speed: options.speed,
    wallStart,
    worldStart: options.worldStart,
    now: () => new Date(options.worldStart.getTime() + (performance.now() - startedAt) * options.speed),
    sleep: (worldSeconds) => new Promise((resolve) => void setTimeout(resolve, (worldSeconds * 1000) / options.speed)),
    after,
  };
};
