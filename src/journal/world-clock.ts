import type pg from 'pg';
import type { Clock } from '../define.ts';

/** Where a rehearsal's time starts and how fast it runs, agreed on by all processes through the database. */
export interface ClockStart {
  wallStart: string;
  worldStart: string;
  speed: number;
}

/**
 * Both clocks. `wall` follows the database's clock, carried on by this process's monotonic one, so that a machine
 * whose clock jumps by an hour neither loses leases nor expires approvals. `world` = start + (wall − start) × speed;
 * the first process to come stores start and speed, and every later one uses what is stored.
 */
/** The same clocks by this machine's own time, for when there is no database to agree with. */
export const localWorldClock = (start?: ClockStart): Clock => {
  const [startedAt, startedMs] = [Date.now(), performance.now()];
  const wall = () => startedAt + performance.now() - startedMs;
  const wallStartMs = start ? Date.parse(start.wallStart) : 0;
  const worldStartMs = start ? Date.parse(start.worldStart) : 0;
  const speed = start?.speed ?? 1;
  return {
    speed,
    wall: () => new Date(wall()),
    now: () => new Date(worldStartMs + (wall() - wallStartMs) * speed),
  };
};

export const openWorldClock = async (pool: pg.Pool, start?: ClockStart): Promise<Clock> => {
  if (start)
    await pool.query(
      'INSERT INTO world_clock (wall_start, world_start, speed) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [start.wallStart, start.worldStart, start.speed],
    );
  const before = performance.now();
  const { rows } = await pool.query(
    `SELECT extract(epoch FROM clock_timestamp()) * 1000 AS wall_ms,
            (SELECT extract(epoch FROM wall_start) * 1000 FROM world_clock) AS wall_start_ms,
            (SELECT extract(epoch FROM world_start) * 1000 FROM world_clock) AS world_start_ms,
            (SELECT speed FROM world_clock) AS speed`,
  );
  const answeredAt = (before + performance.now()) / 2;
  const wallMs = Number(rows[0].wall_ms);
  const wall = () => wallMs + performance.now() - answeredAt;
  const speed: number = rows[0].speed ?? 1;
  const wallStartMs = Number(rows[0].wall_start_ms ?? 0);
  const worldStartMs = Number(rows[0].world_start_ms ?? 0);
  return {
    speed,
    wall: () => new Date(wall()),
    now: () => new Date(worldStartMs + (wall() - wallStartMs) * speed),
  };
};
