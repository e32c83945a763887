import type pg from 'pg';

export interface Readiness {
  plan: string;
  /** Watched checks by their last answer. */
  yes: number;
  no: number;
  unknown: number;
  /** The first few that do not say yes, by name. */
  bad: string[];
}

/** How the checks that are watched answered last, plan by plan. A check that is asked in several directions counts once. */
export const readReadiness = async (pool: pg.Pool): Promise<Readiness[]> => {
  const { rows } = await pool.query(
    `SELECT plan, count(*) FILTER (WHERE answer = 'yes')::int AS yes, count(*) FILTER (WHERE answer = 'no')::int AS no,
       count(*) FILTER (WHERE answer = 'unknown')::int AS unknown,
       coalesce((array_agg(name ORDER BY name) FILTER (WHERE answer <> 'yes'))[1:3], '{}') AS bad
     FROM (
       SELECT plan, check_name AS name,
         CASE WHEN bool_and(answer = 'yes') THEN 'yes' WHEN bool_or(answer = 'no') THEN 'no' ELSE 'unknown' END AS answer
       FROM sightings GROUP BY plan, check_name
     ) AS checks GROUP BY plan`,
  );
  return rows;
};
