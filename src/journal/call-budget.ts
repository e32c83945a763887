import type pg from 'pg';
import type { CallBudget, Clock } from '../define.ts';

/**
 * A bucket for each key, in the database, since every process calls with the same token. By the world's time: in a fast
 * world the minutes of a service are short, too.
 */
export const createCallBudget = (pool: pg.Pool, clock: Clock): CallBudget => {
  const grown = `least($2::float8, b.room + greatest(0, extract(epoch FROM $3::timestamptz - b.at)) * $4::float8)`;
  return {
    async take(key, { perMinute, burst, kept }) {
      const perSecond = perMinute / 60;
      const least = 1 + kept;
      const values = [key, burst, clock.now(), perSecond];
      const { rowCount } = await pool.query({
        name: 'call-budget-take',
        text: `INSERT INTO slack_budgets AS b (method, room, at) VALUES ($1, $2::float8 - 1, $3)
               ON CONFLICT (method) DO UPDATE SET room = ${grown} - 1, at = greatest(b.at, $3)
               WHERE ${grown} >= $5::float8`,
        values: [...values, least],
      });
      if (rowCount === 1) return 0;
      const { rows } = await pool.query({
        name: 'call-budget-left',
        text: `SELECT ${grown} AS room FROM slack_budgets AS b WHERE method = $1`,
        values,
      });
      const missing = Math.max(0, least - (rows[0]?.room ?? burst));
      return Math.max(20, (missing / perSecond / clock.speed) * 1000);
    },
    async refused(key, seconds, { perMinute }) {
      await pool.query(
        `INSERT INTO slack_budgets AS b (method, room, at) VALUES ($1, $2, $3)
         ON CONFLICT (method) DO UPDATE SET room = least(b.room, $2), at = $3`,
        [key, (-seconds * clock.speed * perMinute) / 60, clock.now()],
      );
    },
  };
};
