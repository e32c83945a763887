import type pg from 'pg';

export interface AuditQuery {
  /** An id, or a name that an entry has told. */
  who?: string;
  /** Words that all stand in the entry. */
  what?: string;
  /** Wall time in ISO 8601. */
  since?: string;
  until?: string;
  incident?: string;
  run?: string;
  limit: number;
}

export interface AuditEntry {
  at: string;
  who: string;
  type: string;
  description: string;
  success: boolean | null;
  notes: string | null;
  run: string | null;
  incident: string | null;
  stream: string;
  seq: number;
}

const entriesATurn = 2_000;

/** Brings the index of the search up to the journal. Returns how many entries it took in. */
export const indexAudit = async (pool: pg.Pool): Promise<number> => {
  for (let all = 0; ; ) {
    const { rows } = await pool.query('SELECT audit_index_more($1) AS indexed', [entriesATurn]);
    if (rows[0].indexed === 0) return all;
    all += rows[0].indexed;
  }
};

/** Entries that fit everything that was asked for, the newest first. The index must have been brought up to date. */
export const searchAudit = async (pool: pg.Pool, query: AuditQuery): Promise<AuditEntry[]> => {
  const values: unknown[] = [];
  const value = (given: unknown) => `$${values.push(given)}`;
  const conditions: string[] = [];
  if (query.who !== undefined) conditions.push(`i.who = ANY (${value(await idsOf(pool, query.who))})`);
  if (query.what !== undefined) conditions.push(`i.words @@ plainto_tsquery('simple', ${value(query.what)})`);
  if (query.since !== undefined) conditions.push(`i.at >= ${value(query.since)}`);
  if (query.until !== undefined) conditions.push(`i.at <= ${value(query.until)}`);
  if (query.incident !== undefined) conditions.push(`i.incident = ${value(query.incident)}`);
  if (query.run !== undefined) conditions.push(`i.run = ${value(query.run)}`);
  const { rows } = await pool.query(
    `SELECT j.at, j.actor AS who, j.type, audit_description(j.type, d.data) AS description,
            audit_success(j.type, d.data) AS success, audit_notes(d.data) AS notes, found.run, found.incident, j.stream, j.seq
     FROM (SELECT i.* FROM audit_index i ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
           ORDER BY i.at DESC, i.stream, i.seq DESC LIMIT ${value(query.limit)}) AS found
     JOIN journal j USING (stream, seq) CROSS JOIN LATERAL (SELECT audit_data(j.data) AS data) AS d
     ORDER BY found.at DESC, found.stream, found.seq DESC`,
    values,
  );
  return rows;
};

const idsOf = async (pool: pg.Pool, who: string): Promise<string[]> => {
  const { rows } = await pool.query('SELECT person FROM audit_people WHERE lower(name) = lower($1)', [who]);
  return [who, ...rows.map(({ person }) => person)];
};
