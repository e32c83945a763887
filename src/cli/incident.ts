import { createIncidentStore } from '../engine/incident-store.ts';
import { postMortem } from '../incident/post-mortem.ts';
import { utc } from '../incident/timeline.ts';
import { createReadIncident, type IncidentRecord } from '../incident-record.ts';
import { createJournal } from '../journal/journal.ts';
import { withJournal } from './open.ts';
import { print, printJson } from './print.ts';

const withIncident = (id: string, show: (record: IncidentRecord, nameOf: (person: string) => string) => void) =>
  withJournal(process.env, async ({ database: { pool }, clock }) => {
    const journal = createJournal(pool, () => clock.wall());
    const store = createIncidentStore({ journal, clock, changed: () => {} });
    const record = await createReadIncident({ pool, journal, clock, store })(id);
    show(record, (person) => record.names.get(person) ?? person);
  });

export const list = async (options: { json: boolean }): Promise<void> =>
  withJournal(process.env, async ({ database: { pool } }) => {
    const { rows } = await pool.query(
      `SELECT id, plan, title, severity, status, declared_at AS "declaredAt", resolved_at AS "resolvedAt"
       FROM incidents ORDER BY (status = 'open') DESC, declared_at DESC LIMIT 50`,
    );
    if (options.json) return printJson(rows);
    if (rows.length === 0) return print('There are no incidents.');
    for (const { id, severity, status, declaredAt, title } of rows)
      print(`${id}  ${utc(declaredAt.toISOString())}  ${severity}  ${status.padEnd(8)}  ${title}`);
  });

export const timeline = (id: string, options: { json: boolean }): Promise<void> =>
  withIncident(id, ({ entries }, nameOf) => {
    if (options.json) return printJson(entries);
    for (const { at, who, text } of entries) print(`${utc(at)}  ${text}${who ? ` (${nameOf(who)})` : ''}`);
  });

export const postmortem = (id: string): Promise<void> =>
  withIncident(id, ({ incident, entries }, nameOf) => print(postMortem(id, incident, entries, nameOf)));
