import type pg from 'pg';
import type { Clock } from '../define.ts';

/** Slack lets a workspace's app call each method so often; what people wait for goes first, and needs room to. */
export interface SlackBudget {
  /**
   * Asks for one call. Returns 0 when it may be made now, or for how many wall milliseconds to wait before asking again.
   * What is not urgent leaves some room for what is.
   */
  take(method: string, urgency: 'urgent' | 'usual'): Promise<number>;
  /** Slack has said that it is too much: nobody calls the method for so many wall seconds. */
  refused(method: string, seconds: number): Promise<void>;
}

/** Calls a minute, and as many at once; below Slack's fifty, because others of this app call it as well. */
const perMinute = 40;
const burst = 10;
/** Of those at once, kept for what is urgent. */
const kept = 3;

/** One budget for each method, in the database, since every process calls with the same token. */
export const createSlackBudget = (pool: pg.Pool, clock: Clock): SlackBudget => {
  /** By the world's time: in a fast world Slack's minutes are short, too. */
  const perSecond = perMinute / 60;
  const grown = `least($2::float8, b.room + greatest(0, extract(epoch FROM $3::timestamptz - b.at)) * $4::float8)`;
  return {
    async take(method, urgency) {
      const least = urgency === 'urgent' ? 1 : 1 + kept;
      const values = [method, burst, clock.now(), perSecond, least];
      const { rows } = await pool.query({
        name: 'slack-budget-take',
        text: `INSERT INTO slack_budgets AS b (method, room, at) VALUES ($1, $2::float8 - 1, $3)
               ON CONFLICT (method) DO UPDATE SET room = ${grown} - 1, at = greatest(b.at, $3)
               WHERE ${grown} >= $5::float8 RETURNING room`,
        values,
      });
      if (rows.length > 0) return 0;
      const { rows: left } = await pool.query({
        name: 'slack-budget-left',
        text: `SELECT ${grown} AS room FROM slack_budgets AS b WHERE method = $1`,
        values: values.slice(0, 4),
      });
      const missing = Math.max(0, least - (left[0]?.room ?? burst));
      return Math.max(20, (missing / perSecond / clock.speed) * 1000);
    },
    async refused(method, seconds) {
      await pool.query(
        `INSERT INTO slack_budgets AS b (method, room, at) VALUES ($1, $2, $3)
         ON CONFLICT (method) DO UPDATE SET room = least(b.room, $2), at = $3`,
        [method, -seconds * clock.speed * perSecond, clock.now()],
      );
    },
  };
};
