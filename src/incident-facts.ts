import type { Incident } from './incident/incident.ts';
import { emptyFacts, type RunFacts } from './templates/facts.ts';

/** An incident as templates see it, where no run is spoken of. */
export const incidentFacts = (id: string, incident: Incident, now: Date): RunFacts => ({
  ...emptyFacts,
  plan: incident.plan ?? '',
  title: incident.title,
  incident: id,
  severity: incident.severity,
  reason: incident.title,
  requestedAt: incident.declared_at,
  now: now.toISOString(),
  channel: incident.facts['channel'] ?? null,
});
