import type { SandboxContext } from '../part.ts';
import type { Account, PagerDutyIncident } from './account.ts';
import { checkKeys, invalidInput, notFound } from './pagerduty-refusal.ts';

/** What may be done with incidents, whichever API asks for it; each accepted deed is told to the ledger. */
export const createIncidents = (context: SandboxContext, account: Account) => {
  const now = () => context.clock.now().toISOString();
  const accept = (change: string, incident: PagerDutyIncident, details: Record<string, unknown>) => {
    incident.log.push({ at: now(), what: change });
    context.ledger.accept(`pagerduty:${change}`, `pagerduty:${incident.id}`, details).visible();
  };
  const page = (incident: PagerDutyIncident, people: string[], why: string) => {
    for (const id of people) {
      const name = account.users.get(id)?.name ?? id;
      account.pages.push({ person: id, name, how: 'phone', at: now(), incident: incident.id, why });
    }
  };
  const open = (service: string, key: string) =>
    account.incidents.find(
      (each) => each.service === service && each.incident_key === key && each.status !== 'resolved',
    );
  const find = (id: string) => {
    const incident = account.incidents.find((each) => each.id === id);
    if (!incident) throw notFound();
    return incident;
  };
  const create = (
    made: Pick<PagerDutyIncident, 'title' | 'urgency' | 'service' | 'escalationPolicy'> & {
      key?: string;
      body?: string;
      assignees?: string[];
    },
  ) => {
    const incident: PagerDutyIncident = {
      id: account.newId('Q'),
      incident_number: account.incidents.length + 1,
      title: made.title,
      status: 'triggered',
      urgency: made.urgency,
      incident_key: made.key ?? account.newId('').toLowerCase(),
      service: made.service,
      escalationPolicy: made.escalationPolicy,
      created_at: now(),
      body: made.body,
      assignees: made.assignees ?? account.onCall(made.escalationPolicy),
      notes: [],
      responderRequests: [],
      log: [],
    };
    account.incidents.push(incident);
    if (incident.urgency === 'high') page(incident, incident.assignees, incident.title);
    return incident;
  };

  return {
    open,
    find,
    create,
    accept,
    createFromRequest(body: any): PagerDutyIncident {
      checkKeys(body, 'body', ['incident'], []);
      const asked = body.incident;
      checkKeys(
        asked,
        'incident',
        ['type', 'title', 'service'],
        [
          'priority',
          'urgency',
          'body',
          'incident_key',
          'assignments',
          'incident_type',
          'escalation_policy',
          'conference_bridge',
        ],
      );
      if (asked.type !== 'incident') throw invalidInput('incident.type must be incident');
      if (typeof asked.title !== 'string' || asked.title.trim() === '') throw invalidInput('Title cannot be empty');
      if (asked.title.length > 1024) throw invalidInput('Title is too long (maximum is 1024 characters)');
      const service = account.services.get(asked.service?.id);
      if (!service || asked.service.type !== 'service_reference') throw invalidInput('Service Not Found');
      if (asked.urgency !== undefined && !['high', 'low'].includes(asked.urgency))
        throw invalidInput('Urgency is invalid');
      if (asked.body !== undefined) checkKeys(asked.body, 'incident.body', ['type'], ['details']);
      if (asked.assignments !== undefined && asked.escalation_policy !== undefined) {
        throw invalidInput('Assignments cannot be specified if an escalation policy is given');
      }
      const policy = asked.escalation_policy?.id ?? service.escalationPolicy;
      if (!account.escalationPolicies.has(policy)) throw invalidInput('Escalation policy Not Found');
      const assignees = asked.assignments?.map((each: any) => each?.assignee?.id);
      if (assignees?.some((id: string) => !account.users.has(id))) throw invalidInput('Assignee Not Found');
      if (asked.incident_key !== undefined && String(asked.incident_key).length > 255)
        throw invalidInput('Incident key is too long');
      if (asked.incident_key !== undefined && open(asked.service.id, asked.incident_key)) {
        throw invalidInput('Open incident with matching dedup key already exists on this service');
      }
      const incident = create({
        title: asked.title,
        urgency: asked.urgency ?? 'high',
        service: asked.service.id,
        escalationPolicy: policy,
        key: asked.incident_key,
        body: asked.body?.details,
        assignees,
      });
      accept('CreateIncident', incident, {
        title: incident.title,
        key: incident.incident_key,
        urgency: incident.urgency,
      });
      return incident;
    },
    update(incident: PagerDutyIncident, asked: any): PagerDutyIncident {
      checkKeys(
        asked,
        'incident',
        ['type'],
        [
          'id',
          'status',
          'resolution',
          'title',
          'priority',
          'escalation_level',
          'assignments',
          'incident_type',
          'escalation_policy',
          'urgency',
          'conference_bridge',
          'service',
        ],
      );
      if (asked.status !== undefined && !['triggered', 'acknowledged', 'resolved'].includes(asked.status))
        throw invalidInput('Status is invalid');
      if (asked.urgency !== undefined && !['high', 'low'].includes(asked.urgency))
        throw invalidInput('Urgency is invalid');
      if (asked.status !== undefined && asked.status === incident.status && asked.status === 'resolved') {
        throw invalidInput('Incident Already Resolved');
      }
      Object.assign(incident, pick(asked, ['status', 'title', 'urgency']));
      accept('UpdateIncident', incident, { status: incident.status, resolution: asked.resolution });
      return incident;
    },
    addNote(incident: PagerDutyIncident, body: any, user: string) {
      checkKeys(body, 'body', ['note'], []);
      checkKeys(body.note, 'note', ['content'], []);
      if (typeof body.note.content !== 'string' || body.note.content.length > 25_000)
        throw invalidInput('Content is too long');
      const note = { id: account.newId('P'), content: body.note.content, user, created_at: now() };
      incident.notes.push(note);
      accept('CreateNote', incident, { content: note.content });
      return note;
    },
    requestResponders(incident: PagerDutyIncident, body: any) {
      checkKeys(body, 'body', ['requester_id', 'message', 'responder_request_targets'], []);
      if (!account.users.has(body.requester_id)) throw invalidInput('Requester User Not Found');
      if (!Array.isArray(body.responder_request_targets))
        throw invalidInput('responder_request_targets must be an array');
      const targets = body.responder_request_targets.map((each: any) => {
        const target = each?.responder_request_target;
        if (target?.type !== 'user_reference' || !account.users.has(target?.id))
          throw invalidInput('Responder Request Target Not Found');
        return target.id as string;
      });
      const request = { requester: body.requester_id, message: String(body.message), targets, requested_at: now() };
      incident.responderRequests.push(request);
      page(incident, targets, request.message);
      accept('CreateResponderRequest', incident, { targets });
      return request;
    },
  };
};

export type Incidents = ReturnType<typeof createIncidents>;

const pick = (from: any, keys: string[]) =>
  Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]]));
