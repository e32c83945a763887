/** The world's clock, which may run faster than life. */
const createWorldTime = () => {
  let clock = { wallStart: Date.now(), worldStart: Date.now(), speed: 1 };
  const at = (wall: number) => clock.worldStart + (wall - clock.wallStart) * clock.speed;
  return {
    set(given: typeof clock) {
      clock = given;
    },
    speed: () => clock.speed,
    now: () => new Date(at(Date.now())),
    /** When a message was written, by the world's time. */
    ofMessage: (ts: string) => new Date(at(Number(ts) * 1000)),
  };
};

export const worldTime = createWorldTime();
