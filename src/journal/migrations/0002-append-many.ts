import { type Kysely, sql } from 'kysely';

/** Appends that wait at the same time share a transaction; each is still judged on its own. */
export const up = async (db: Kysely<any>): Promise<void> => {
  await sql.raw(appendManyFunction).execute(db);
};

/**
 * journal_append_many: several appends in one transaction, each of them all or nothing by itself.
 * Inputs: parallel arrays for streams in name order (s_), rows (e_), fences (f_) and runs that give their claims back (r_), each
 *   with the number of the append that it belongs to; projections as JSON arrays of whole rows with that number beside
 *   them. No two appends of one call name the same stream, run row or incident row. Appends that take claims go
 *   through journal_append, because they may wait for each other.
 * Result: one row for each append that was refused: MD001 somebody appended first (detail: stream) · MD002 the lease is
 *   not held any more. Those that are not named hold. Nothing is raised for one append that would undo another.
 * Locks: leases, then heads in name order, then claims that are given back, then projections. Nobody who holds a later
 *   one waits for an earlier one, so no two calls wait for each other in a circle.
 */
const appendManyFunction = `
CREATE FUNCTION journal_append_many(
  s_append integer[], s_alone boolean[], s_stream text[], s_expected bigint[], s_seq bigint[], s_hash text[],
  e_append integer[], e_stream text[], e_seq bigint[], e_at text[], e_actor text[], e_type text[], e_version integer[],
  e_salt text[], e_data text[], e_data_hash text[], e_previous text[], e_hash text[],
  f_append integer[], f_run text[], f_lane text[], f_epoch bigint[],
  r_append integer[], r_run text[],
  p_runs jsonb, p_incidents jsonb
) RETURNS TABLE (append integer, code text, detail text) LANGUAGE plpgsql AS $$
DECLARE
  refused integer[] := '{}';
  i integer;
BEGIN
  FOR i IN 1 .. cardinality(f_append) LOOP
    PERFORM 1 FROM leases l
      WHERE l.run_id = f_run[i] AND l.lane = f_lane[i] AND l.epoch = f_epoch[i] AND l.expires_at > clock_timestamp() FOR SHARE;
    IF NOT FOUND THEN
      refused := refused || f_append[i];
      append := f_append[i]; code := 'MD002'; detail := f_run[i];
      RETURN NEXT;
    END IF;
  END LOOP;
  -- In name order, as everybody locks them. What touches one stream only is judged and moved in one go; what touches
  -- several holds all of its heads before the first one moves.
  FOR i IN 1 .. cardinality(s_append) LOOP
    CONTINUE WHEN s_append[i] = ANY (refused);
    IF s_alone[i] AND s_expected[i] > 0 THEN
      UPDATE stream_heads h SET seq = s_seq[i], hash = s_hash[i] WHERE h.stream = s_stream[i] AND h.seq = s_expected[i];
    ELSE
      -- A head at 0 says the same as none, so it may stay when the append is refused.
      IF s_expected[i] = 0 THEN
        INSERT INTO stream_heads (stream, seq, hash) VALUES (s_stream[i], 0, repeat('0', 64)) ON CONFLICT DO NOTHING;
      END IF;
      PERFORM 1 FROM stream_heads h WHERE h.stream = s_stream[i] AND h.seq = s_expected[i] FOR NO KEY UPDATE;
    END IF;
    IF NOT FOUND THEN
      refused := refused || s_append[i];
      append := s_append[i]; code := 'MD001'; detail := s_stream[i];
      RETURN NEXT;
    END IF;
  END LOOP;
  FOR i IN 1 .. cardinality(s_append) LOOP
    CONTINUE WHEN s_append[i] = ANY (refused) OR (s_alone[i] AND s_expected[i] > 0);
    UPDATE stream_heads h SET seq = s_seq[i], hash = s_hash[i] WHERE h.stream = s_stream[i];
  END LOOP;
  IF refused = '{}' THEN
    INSERT INTO journal (stream, seq, at, actor, type, version, salt, data, data_hash, previous_hash, hash)
      SELECT * FROM unnest(e_stream, e_seq, e_at, e_actor, e_type, e_version, e_salt, e_data, e_data_hash, e_previous, e_hash);
  ELSE
    INSERT INTO journal (stream, seq, at, actor, type, version, salt, data, data_hash, previous_hash, hash)
      SELECT stream, seq, at, actor, type, version, salt, data, data_hash, previous_hash, hash
      FROM unnest(e_append, e_stream, e_seq, e_at, e_actor, e_type, e_version, e_salt, e_data, e_data_hash, e_previous, e_hash)
        AS row (append, stream, seq, at, actor, type, version, salt, data, data_hash, previous_hash, hash)
      WHERE NOT row.append = ANY (refused);
  END IF;
  FOR i IN 1 .. cardinality(r_append) LOOP
    CONTINUE WHEN r_append[i] = ANY (refused);
    DELETE FROM claims c WHERE c.run_id = r_run[i];
  END LOOP;
  IF p_runs IS NOT NULL THEN
    INSERT INTO runs SELECT row.*
      FROM jsonb_array_elements(p_runs) AS each, LATERAL jsonb_populate_record(NULL::runs, each.value) AS row
      WHERE NOT (each.value->>'append')::integer = ANY (refused)
    ON CONFLICT (id) DO UPDATE SET status = excluded.status, outcome = excluded.outcome, finished_at = excluded.finished_at,
      look_recover_at = excluded.look_recover_at, look_tell_at = excluded.look_tell_at, look_look_at = excluded.look_look_at;
  END IF;
  IF p_incidents IS NOT NULL THEN
    INSERT INTO incidents SELECT row.*
      FROM jsonb_array_elements(p_incidents) AS each, LATERAL jsonb_populate_record(NULL::incidents, each.value) AS row
      WHERE NOT (each.value->>'append')::integer = ANY (refused)
    ON CONFLICT (id) DO UPDATE SET title = excluded.title, severity = excluded.severity, status = excluded.status,
      commander = excluded.commander, facts = excluded.facts, resolved_at = excluded.resolved_at;
  END IF;
END $$`;
