import { type Kysely, sql } from 'kysely';

/**
 * What auditors read: the view `audit`, a line for each thing that happened, and `audit_index`, from which `audit search`
 * answers. The index is filled behind the journal, so that it costs an append nothing; it may be rebuilt at any time.
 */
export const up = async (db: Kysely<any>): Promise<void> => {
  for (const text of [dataFunction, descriptionFunction, notesFunction, successFunction, auditView])
    await sql.raw(text).execute(db);
  await sql`
    CREATE TABLE audit_index (
      stream text NOT NULL,
      seq bigint NOT NULL,
      at timestamptz NOT NULL,
      who text NOT NULL,
      run text,
      incident text,
      words tsvector NOT NULL,
      PRIMARY KEY (stream, seq)
    )`.execute(db);
  await sql`CREATE INDEX audit_index_at ON audit_index (at DESC)`.execute(db);
  await sql`CREATE INDEX audit_index_who ON audit_index (who, at DESC)`.execute(db);
  await sql`CREATE INDEX audit_index_run ON audit_index (run, at DESC) WHERE run IS NOT NULL`.execute(db);
  await sql`CREATE INDEX audit_index_incident ON audit_index (incident, at DESC) WHERE incident IS NOT NULL`.execute(
    db,
  );
  await sql`CREATE INDEX audit_index_words ON audit_index USING gin (words)`.execute(db);
  await sql`CREATE TABLE audit_indexed (stream text PRIMARY KEY, seq bigint NOT NULL)`.execute(db);
  await sql`CREATE TABLE audit_people (person text NOT NULL, name text NOT NULL, PRIMARY KEY (person, name))`.execute(
    db,
  );
  await sql.raw(indexFunction).execute(db);
};

/** The data of an entry as JSON; null when they were erased. jsonb has no place for NUL, which the journal keeps. */
const dataFunction = String.raw`
CREATE FUNCTION audit_data(p_data text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT nullif(replace(p_data, '\u0000', '\ufffd'), '')::jsonb
$$`;

/** One sentence for each kind of entry. e is what happened, without the time around it. */
const descriptionFunction = `
CREATE FUNCTION audit_description(p_type text, d jsonb) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN d IS NULL THEN 'erased: ' || p_type
    WHEN p_type = 'run.created' THEN format('run of %s for %s of %s begun', e->'graph'->>'flow', e->'graph'->>'scope', e->'graph'->>'plan')
    WHEN p_type = 'run.finished' THEN 'run ended: ' || (e->>'outcome')
    WHEN p_type = 'run.halted' THEN 'run halted'
    WHEN p_type = 'run.aborted' THEN 'run aborted'
    WHEN p_type = 'step.started' THEN format('step %s begun', e->>'step')
    WHEN p_type = 'step.acting' THEN format('step %s is about to change the world', e->>'step')
    WHEN p_type = 'step.waiting' THEN format('step %s waits', e->>'step')
    WHEN p_type = 'step.succeeded' THEN format('step %s done%s', e->>'step', CASE WHEN (e->>'changed')::boolean THEN ', changed something' ELSE '' END)
    WHEN p_type = 'step.failed' THEN format('step %s failed: %s', e->>'step', e->>'code')
    WHEN p_type = 'step.blocked' THEN format('step %s blocked', e->>'step')
    WHEN p_type = 'step.skipped' THEN format('step %s skipped', e->>'step')
    WHEN p_type = 'approval.requested' THEN format('approval %s asked for', e->>'step')
    WHEN p_type = 'approval.given' THEN format('approval %s given by %s', e->>'step', e->>'name')
    WHEN p_type = 'approval.rejected' THEN format('approval %s rejected', e->>'step')
    WHEN p_type = 'view.made' THEN format('%s posted in %s', e->>'kind', e->>'channel')
    WHEN p_type = 'request.received' THEN format('%s received', d->>'kind')
    WHEN p_type = 'incident.declared' THEN 'incident declared: ' || (e->>'title')
    WHEN p_type = 'audit.erased' THEN 'data of a person erased'
    ELSE replace(p_type, '.', ' ') || coalesce(' ' || (e->>'step'), '')
  END FROM (SELECT CASE WHEN jsonb_typeof(d->'event') = 'object' THEN d->'event' ELSE '{}'::jsonb END AS e) AS event
$$`;

const notesFunction = `
CREATE FUNCTION audit_notes(d jsonb) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT nullif(concat_ws('; ', e->>'seen', e->>'message', e->>'reason', e->>'why', e->>'error',
                          CASE WHEN jsonb_typeof(d->'event') = 'object' THEN e->>'text' ELSE d->>'text' END), '')
  FROM (SELECT CASE WHEN jsonb_typeof(d->'event') = 'object' THEN d->'event' ELSE '{}'::jsonb END AS e) AS event
$$`;

/** Whether what an entry tells of went well; null where that makes no sense. */
const successFunction = `
CREATE FUNCTION audit_success(p_type text, d jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN p_type IN ('step.succeeded', 'approval.given') THEN true
    WHEN p_type IN ('step.failed', 'step.blocked', 'approval.rejected', 'approval.expired', 'approval.voided', 'run.halted') THEN false
    WHEN p_type = 'run.finished' THEN d->'event'->>'outcome' = 'succeeded'
  END
$$`;

/**
 * One line for each thing that happened; that a step begins, waits or is drawn says nothing by itself and is left out.
 * "at" is when it was written, by the clock on the wall; duration is in seconds of the world, from the begin of the step or run.
 */
const auditView = `
CREATE VIEW audit AS
SELECT j.type,
       audit_description(j.type, d.data) AS description,
       coalesce(d.data->'event'->>'name', d.data->'event'->'requester'->>'name', j.actor) AS who,
       j.at::timestamptz AS at,
       CASE WHEN begun.at IS NOT NULL
         THEN round(extract(epoch FROM (d.data->>'at')::timestamptz - begun.at)::numeric, 3) END AS duration,
       audit_success(j.type, d.data) AS success,
       coalesce(nullif(d.data->'event'->'output', 'null'), nullif(d.data->'event'->'facts', 'null')) AS metrics,
       audit_notes(d.data) AS notes,
       CASE WHEN j.stream LIKE 'run:%' THEN substr(j.stream, 5) END AS run,
       CASE WHEN j.stream LIKE 'incident:%' THEN substr(j.stream, 10) ELSE r.incident END AS incident,
       j.stream,
       j.seq
FROM journal j
CROSS JOIN LATERAL (SELECT audit_data(j.data) AS data) d
LEFT JOIN runs r ON j.stream = 'run:' || r.id
LEFT JOIN LATERAL (
  SELECT (audit_data(first.data)->>'at')::timestamptz AS at
  FROM journal first
  WHERE first.stream = j.stream AND first.seq < j.seq AND first.data <> ''
    AND CASE WHEN j.type = 'run.finished' THEN first.seq = 1
             WHEN j.type IN ('step.succeeded', 'step.failed', 'step.blocked')
             THEN first.type = 'step.started' AND audit_data(first.data)->'event'->>'step' = d.data->'event'->>'step'
             ELSE false END
  ORDER BY first.seq LIMIT 1
) begun ON true
WHERE j.type NOT IN ('step.started', 'step.waiting', 'view.made', 'view.given-up')`;

/**
 * audit_index_more: indexes what was appended since, at most p_limit entries of each stream that is behind and streams
 * up to about as many entries. Result: how many were indexed; 0 when nothing is left or somebody else is at it.
 */
const indexFunction = `
CREATE FUNCTION audit_index_more(p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  indexed integer;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('mayday audit index')) THEN RETURN 0; END IF;
  WITH behind AS (
    SELECT h.stream, coalesce(i.seq, 0) AS done
    FROM stream_heads h LEFT JOIN audit_indexed i USING (stream)
    WHERE h.seq > coalesce(i.seq, 0)
    LIMIT p_limit
  ), fresh AS MATERIALIZED (
    SELECT j.*, audit_data(j.data) AS json
    FROM behind CROSS JOIN LATERAL (
      SELECT * FROM journal j WHERE j.stream = behind.stream AND j.seq > behind.done ORDER BY j.seq LIMIT p_limit
    ) j
    LIMIT p_limit
  ), entries AS (
    INSERT INTO audit_index (stream, seq, at, who, run, incident, words)
    SELECT f.stream, f.seq, f.at::timestamptz, regexp_replace(f.actor, '^[a-z-]+:', ''),
           CASE WHEN f.stream LIKE 'run:%' THEN substr(f.stream, 5) END,
           CASE WHEN f.stream LIKE 'incident:%' THEN substr(f.stream, 10) ELSE r.incident END,
           to_tsvector('simple', replace(f.type, '.', ' ')) || coalesce(jsonb_to_tsvector('simple', f.json, '["string"]'), ''::tsvector)
    FROM fresh f LEFT JOIN runs r ON f.stream = 'run:' || r.id
    ON CONFLICT DO NOTHING
  ), people AS (
    INSERT INTO audit_people (person, name)
    SELECT DISTINCT p.person, p.name FROM fresh f
    CROSS JOIN LATERAL (VALUES (f.json->'event'->>'person', f.json->'event'->>'name'),
      (f.json->'event'->'requester'->>'person', f.json->'event'->'requester'->>'name')) AS p (person, name)
    WHERE p.person IS NOT NULL AND p.name IS NOT NULL
    ON CONFLICT DO NOTHING
  ), marks AS (
    INSERT INTO audit_indexed (stream, seq) SELECT stream, max(seq) FROM fresh GROUP BY stream
    ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq
  )
  SELECT count(*) INTO indexed FROM fresh;
  RETURN indexed;
END $$`;
