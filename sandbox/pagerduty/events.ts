import type { Account } from './account.ts';
import type { Incidents } from './incidents.ts';

const severities = ['critical', 'warning', 'error', 'info'];
const known = ['routing_key', 'event_action', 'dedup_key', 'payload', 'client', 'client_url', 'links', 'images'];
const knownInPayload = ['summary', 'timestamp', 'severity', 'source', 'component', 'group', 'class', 'custom_details'];

/** Events API v2: `trigger`, `acknowledge` and `resolve` by dedup_key. */
export const createEvents = (account: Account, incidents: Incidents, routingKey: string) => (body: any) => {
  const errors: string[] = [];
  if (typeof body !== 'object' || body === null) return invalid(['body must be an object']);
  for (const key of Object.keys(body)) if (!known.includes(key)) errors.push(`'${key}' is not a known field`);
  if (body.routing_key === undefined) errors.push("'routing_key' is missing or blank");
  else if (body.routing_key !== routingKey) errors.push("'routing_key' is invalid");
  if (!['trigger', 'acknowledge', 'resolve'].includes(body.event_action)) errors.push("'event_action' is invalid");
  if (String(body.dedup_key ?? '').length > 255) errors.push("'dedup_key' is too long (maximum is 255 characters)");
  if (body.event_action === 'trigger') {
    const payload = body.payload ?? {};
    for (const key of Object.keys(payload))
      if (!knownInPayload.includes(key)) errors.push(`'payload.${key}' is not a known field`);
    if (!payload.summary) errors.push("'payload.summary' is missing or blank");
    else if (String(payload.summary).length > 1024)
      errors.push("'payload.summary' is too long (maximum is 1024 characters)");
    if (!payload.source) errors.push("'payload.source' is missing or blank");
    if (!severities.includes(payload.severity)) errors.push("'payload.severity' is invalid");
  } else if (!body.dedup_key) errors.push("'dedup_key' is missing or blank");
  if (errors.length > 0) return invalid(errors);

  const [service, settings] = [...account.services][0] ?? ['PSERVICE', { escalationPolicy: 'PPOLICY' }];
  const key: string = body.dedup_key ?? account.newId('').toLowerCase();
  let incident = incidents.open(service, key);
  if (body.event_action === 'trigger') {
    incident ??= incidents.create({
      title: body.payload.summary,
      urgency: body.payload.severity === 'critical' || body.payload.severity === 'error' ? 'high' : 'low',
      service,
      escalationPolicy: settings.escalationPolicy,
      key,
    });
  } else if (incident) incident.status = body.event_action === 'resolve' ? 'resolved' : 'acknowledged';
  if (incident) incidents.accept('Enqueue', incident, { action: body.event_action, key });
  return { status: 202, body: { status: 'success', message: 'Event processed', dedup_key: key } };
};

const invalid = (errors: string[]) => ({
  status: 400,
  body: { status: 'invalid event', message: 'Event object is invalid', errors },
});
