/** What happened to an incident, and what that makes of it. Pure. */

export type IncidentEvent =
  | { type: 'incident.declared'; data: { plan: string | null; title: string; severity: string; by: string } }
  /** Something that a step found out or made: the channel, the page, the status page's incident. */
  | { type: 'incident.recorded'; data: { facts: Record<string, string> } }
  | { type: 'incident.severity'; data: { severity: string; by: string } }
  | { type: 'incident.updated'; data: { text: string; by: string } }
  | { type: 'incident.resolved'; data: { text: string; by: string } };

export interface Incident {
  plan: string | null;
  title: string;
  severity: string;
  status: 'open' | 'resolved';
  commander: string | null;
  facts: Record<string, string>;
  declared_at: string;
  resolved_at: string | null;
}

export const severities = ['P1', 'P2', 'P3', 'P4'] as const;

/** Folds the rows of an incident's stream, oldest first; null when it was never declared. `data` holds { at, event }. */
export const incidentAfter = (rows: readonly { type: string; data: any }[]): Incident | null => {
  let incident: Incident | null = null;
  for (const row of rows)
    if (!row.data.erased)
      incident = next(incident, { type: row.type, data: row.data.event } as IncidentEvent, row.data.at);
  return incident;
};

const next = (incident: Incident | null, event: IncidentEvent, at: string): Incident | null => {
  if (event.type === 'incident.declared') {
    const { plan, title, severity } = event.data;
    return { plan, title, severity, status: 'open', commander: null, facts: {}, declared_at: at, resolved_at: null };
  }
  if (incident === null) return null;
  switch (event.type) {
    case 'incident.recorded':
      return { ...incident, facts: { ...incident.facts, ...event.data.facts } };
    case 'incident.severity':
      return { ...incident, severity: event.data.severity };
    case 'incident.resolved':
      return { ...incident, status: 'resolved', resolved_at: at };
    default:
      return incident;
  }
};
