import type pg from 'pg';
import type { Clock } from './define.ts';
import type { IncidentStore } from './engine/incident-store.ts';
import type { EnginePorts } from './engine/ports.ts';
import { incidentStream, runStream } from './engine/run-store.ts';
import type { Incident } from './incident/incident.ts';
import { type Entry, timelineOf } from './incident/timeline.ts';

/** Everything that is on record of an incident, for whoever shows it. */
export interface IncidentRecord {
  id: string;
  incident: Incident;
  entries: Entry[];
  /** Names that the record itself holds, by Slack user id. */
  names: Map<string, string>;
}

export type ReadIncident = (id: string) => Promise<IncidentRecord>;

/** Reads an incident with those that were merged into it and all their runs. Throws `incident/not-found`. */
export const createReadIncident =
  (options: { pool: pg.Pool; journal: EnginePorts['journal']; store: IncidentStore; clock: Clock }): ReadIncident =>
  async (id) => {
    const { pool, journal, clock, store } = options;
    const { incident, rows } = await store.read(id);
    const ids = [id, ...incident.absorbed.map((each) => each.incident)];
    const { rows: runs } = await pool.query(`SELECT id FROM runs WHERE incident = ANY($1) ORDER BY created_at`, [ids]);
    const others = await Promise.all([
      ...ids.slice(1).map((each) => journal.read(incidentStream(each))),
      ...runs.map((run: { id: string }) => journal.read(runStream(run.id))),
    ]);
    const streams = [rows, ...others];
    // Slack's clock is the wall's; in a rehearsal the world's runs faster.
    const toWorld = (at: string) =>
      new Date(clock.now().getTime() - (clock.wall().getTime() - Date.parse(at)) * clock.speed).toISOString();
    return { id, incident, entries: timelineOf(streams, toWorld), names: namesIn(streams.flat()) };
  };

const namesIn = (rows: readonly { data: any }[]): Map<string, string> => {
  const names = new Map<string, string>();
  const note = (person: unknown, name: unknown) => {
    if (typeof person === 'string' && typeof name === 'string') names.set(person, name);
  };
  for (const { data } of rows) {
    const { person, name, requester, by, byName, author, authorName, owner, ownerName } = data.event ?? {};
    note(person, name);
    note(requester?.person, requester?.name);
    note(by, byName);
    note(author, authorName);
    note(owner, ownerName);
  }
  return names;
};
