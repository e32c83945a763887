import { type Kysely, sql } from 'kysely';

/**
 * The journal and what is derived from it. `journal` is append-only twice over: the application's role holds INSERT
 * and SELECT only, and triggers refuse UPDATE, DELETE and TRUNCATE from anybody. Everything else may be rebuilt.
 */
export const up = async (db: Kysely<any>): Promise<void> => {
  await sql`
    CREATE TABLE journal (
      stream text NOT NULL,
      seq bigint NOT NULL CHECK (seq > 0),
      at text NOT NULL,
      actor text NOT NULL,
      type text NOT NULL,
      version integer NOT NULL,
      salt text NOT NULL,
      data text NOT NULL,
      data_hash text NOT NULL,
      previous_hash text NOT NULL,
      hash text NOT NULL,
      PRIMARY KEY (stream, seq)
    )`.execute(db);
  await sql`CREATE TABLE stream_heads (stream text PRIMARY KEY, seq bigint NOT NULL, hash text NOT NULL)`.execute(db);
  await sql`
    CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'the journal is append-only: % is refused', TG_OP USING ERRCODE = 'MD010';
    END $$`.execute(db);
  await sql`
    CREATE TRIGGER journal_rows_stay BEFORE UPDATE OR DELETE ON journal
    FOR EACH ROW EXECUTE FUNCTION journal_is_append_only()`.execute(db);
  await sql`
    CREATE TRIGGER journal_stays BEFORE TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()`.execute(db);

  await sql`
    CREATE TABLE runs (
      id text PRIMARY KEY,
      incident text NOT NULL,
      plan text NOT NULL,
      flow text NOT NULL,
      scope text NOT NULL,
      status text NOT NULL,
      outcome text,
      requester text NOT NULL,
      created_at timestamptz NOT NULL,
      finished_at timestamptz,
      look_recover_at timestamptz,
      look_tell_at timestamptz,
      look_look_at timestamptz
    )`.execute(db);
  for (const lane of ['recover', 'tell', 'look'])
    await sql`CREATE INDEX ${sql.ref(`runs_look_${lane}`)} ON runs (${sql.ref(`look_${lane}_at`)}) WHERE ${sql.ref(`look_${lane}_at`)} IS NOT NULL`.execute(
      db,
    );
  await sql`CREATE INDEX runs_by_plan ON runs (plan, created_at DESC)`.execute(db);
  await sql`
    CREATE TABLE incidents (
      id text PRIMARY KEY,
      plan text,
      title text NOT NULL,
      severity text NOT NULL,
      status text NOT NULL,
      commander text,
      facts jsonb NOT NULL DEFAULT '{}',
      declared_at timestamptz NOT NULL,
      resolved_at timestamptz
    )`.execute(db);
  await sql`CREATE TABLE claims (resource text PRIMARY KEY, run_id text NOT NULL)`.execute(db);
  await sql`CREATE INDEX claims_by_run ON claims (run_id)`.execute(db);
  await sql`
    CREATE TABLE leases (
      run_id text NOT NULL,
      lane text NOT NULL,
      epoch bigint NOT NULL,
      holder text NOT NULL,
      backend_pid integer NOT NULL,
      backend_start timestamptz NOT NULL,
      expires_at timestamptz NOT NULL,
      PRIMARY KEY (run_id, lane)
    )`.execute(db);
  await sql`
    CREATE TABLE inbox (
      key text PRIMARY KEY,
      kind text NOT NULL,
      body text NOT NULL,
      received_at timestamptz NOT NULL DEFAULT now(),
      handled_at timestamptz
    )`.execute(db);
  await sql`CREATE INDEX inbox_waiting ON inbox (received_at) WHERE handled_at IS NULL`.execute(db);
  await sql`
    CREATE TABLE views (
      subject text NOT NULL,
      kind text NOT NULL,
      channel text NOT NULL,
      ts text NOT NULL,
      digest text NOT NULL,
      PRIMARY KEY (subject, kind)
    )`.execute(db);
  await sql`
    CREATE TABLE sightings (
      plan text NOT NULL,
      check_name text NOT NULL,
      from_place text NOT NULL,
      to_place text NOT NULL,
      answer text NOT NULL,
      because text NOT NULL,
      facts jsonb NOT NULL DEFAULT '{}',
      asked_at timestamptz NOT NULL,
      last_yes_at timestamptz,
      last_yes_facts jsonb,
      failing_since timestamptz,
      pending_since timestamptz,
      PRIMARY KEY (plan, check_name, from_place, to_place)
    )`.execute(db);
  await sql`
    CREATE TABLE world_clock (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      wall_start timestamptz NOT NULL,
      world_start timestamptz NOT NULL,
      speed double precision NOT NULL CHECK (speed > 0)
    )`.execute(db);

  await sql.raw(appendFunction).execute(db);
  await sql.raw(thisBackendFunction).execute(db);
  await sql.raw(takeLeaseFunction).execute(db);
};

/**
 * journal_append: the one way into the journal.
 * Inputs: parallel arrays for the streams (name, expected seq, new seq, new hash) and for the rows; an optional fence
 *   (run, lane, epoch); claims to take or to release; projections as JSON arrays of whole rows.
 * Result: nothing. All of it holds, or none.
 * Errors: MD001 somebody appended first (detail: stream) · MD002 the lease is not held any more ·
 *   MD003 a claim is held (detail: JSON { resource, holder }).
 * Heads are locked in name order, so that two appends over the same streams never wait for each other in a circle.
 */
const appendFunction = `
CREATE FUNCTION journal_append(
  p_streams text[], p_expected bigint[], p_seqs bigint[], p_hashes text[],
  e_stream text[], e_seq bigint[], e_at text[], e_actor text[], e_type text[], e_version integer[],
  e_salt text[], e_data text[], e_data_hash text[], e_previous text[], e_hash text[],
  f_run text, f_lane text, f_epoch bigint,
  c_take text[], c_run text, c_release boolean,
  p_runs jsonb, p_incidents jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  i integer;
  held record;
BEGIN
  IF f_run IS NOT NULL THEN
    PERFORM 1 FROM leases WHERE run_id = f_run AND lane = f_lane AND epoch = f_epoch AND expires_at > clock_timestamp() FOR SHARE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the lease on % (%) is not held any more', f_run, f_lane USING ERRCODE = 'MD002';
    END IF;
  END IF;
  FOR i IN 1 .. cardinality(p_streams) LOOP
    IF p_expected[i] = 0 THEN
      INSERT INTO stream_heads (stream, seq, hash) VALUES (p_streams[i], p_seqs[i], p_hashes[i])
        ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, hash = excluded.hash WHERE stream_heads.seq = 0;
    ELSE
      UPDATE stream_heads SET seq = p_seqs[i], hash = p_hashes[i] WHERE stream = p_streams[i] AND seq = p_expected[i];
    END IF;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'somebody appended to % first', p_streams[i] USING ERRCODE = 'MD001', DETAIL = p_streams[i];
    END IF;
  END LOOP;
  INSERT INTO journal (stream, seq, at, actor, type, version, salt, data, data_hash, previous_hash, hash)
    SELECT * FROM unnest(e_stream, e_seq, e_at, e_actor, e_type, e_version, e_salt, e_data, e_data_hash, e_previous, e_hash);
  IF c_take IS NOT NULL THEN
    FOR i IN 1 .. cardinality(c_take) LOOP
      LOOP
        INSERT INTO claims (resource, run_id) VALUES (c_take[i], c_run) ON CONFLICT DO NOTHING;
        EXIT WHEN FOUND;
        SELECT * INTO held FROM claims WHERE resource = c_take[i];
        -- Given back between the two: then it is free, so take it.
        CONTINUE WHEN NOT FOUND;
        EXIT WHEN held.run_id = c_run;
        RAISE EXCEPTION '% is held by %', c_take[i], held.run_id
          USING ERRCODE = 'MD003', DETAIL = jsonb_build_object('resource', c_take[i], 'holder', held.run_id)::text;
      END LOOP;
    END LOOP;
  END IF;
  IF c_release THEN
    DELETE FROM claims WHERE run_id = c_run;
  END IF;
  IF p_runs IS NOT NULL THEN
    INSERT INTO runs SELECT * FROM jsonb_populate_recordset(NULL::runs, p_runs)
    ON CONFLICT (id) DO UPDATE SET status = excluded.status, outcome = excluded.outcome, finished_at = excluded.finished_at,
      look_recover_at = excluded.look_recover_at, look_tell_at = excluded.look_tell_at, look_look_at = excluded.look_look_at;
  END IF;
  IF p_incidents IS NOT NULL THEN
    INSERT INTO incidents SELECT * FROM jsonb_populate_recordset(NULL::incidents, p_incidents)
    ON CONFLICT (id) DO UPDATE SET title = excluded.title, severity = excluded.severity, status = excluded.status,
      commander = excluded.commander, facts = excluded.facts, resolved_at = excluded.resolved_at;
  END IF;
END $$`;

/** The caller's own backend. As the owner, because pg_stat_activity hides the start of other roles' backends. */
const thisBackendFunction = `
CREATE FUNCTION this_backend(OUT pid integer, OUT start timestamptz) LANGUAGE sql SECURITY DEFINER AS $$
  SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()
$$`;

/**
 * take_lease: takes or takes over a run's lane for a term.
 * Inputs: run, lane, the holder's name and backend, the term in seconds. Result: the new epoch, or null while another
 * holds it. A lease is free when its term is over, when it is the caller's own, or at once when the backend that
 * stands for its holder is gone. The database's clock decides, nobody else's.
 */
const takeLeaseFunction = `
CREATE FUNCTION take_lease(p_run text, p_lane text, p_holder text, p_pid integer, p_start timestamptz, p_term double precision)
RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$
  INSERT INTO leases AS held (run_id, lane, epoch, holder, backend_pid, backend_start, expires_at)
  VALUES (p_run, p_lane, 1, p_holder, p_pid, p_start, clock_timestamp() + make_interval(secs => p_term))
  ON CONFLICT (run_id, lane) DO UPDATE
    SET epoch = held.epoch + 1, holder = p_holder, backend_pid = p_pid, backend_start = p_start,
        expires_at = clock_timestamp() + make_interval(secs => p_term)
    WHERE held.expires_at <= clock_timestamp()
       OR held.holder = p_holder
       OR NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = held.backend_pid AND a.backend_start = held.backend_start)
  RETURNING epoch
$$`;
