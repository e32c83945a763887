import type { Account, PagerDutyIncident } from './account.ts';

const web = 'https://sandbox.pagerduty.com';

/** Objects as the REST API shows them. */
export const createShapes = (account: Account) => {
  const reference = (type: string, path: string, id: string, summary: string) => ({
    id,
    type: `${type}_reference`,
    summary,
    self: `https://api.pagerduty.com/${path}/${id}`,
    html_url: `${web}/${path}/${id}`,
  });
  const user = (id: string) => reference('user', 'users', id, account.users.get(id)?.name ?? id);
  const service = (id: string) => reference('service', 'services', id, id);
  const escalationPolicy = (id: string) => reference('escalation_policy', 'escalation_policies', id, id);
  const schedule = (id: string) => reference('schedule', 'schedules', id, id);
  const incidentReference = (incident: PagerDutyIncident) =>
    reference('incident', 'incidents', incident.id, incident.title);
  const responderRequest = (incident: PagerDutyIncident, request: PagerDutyIncident['responderRequests'][number]) => ({
    incident: incidentReference(incident),
    requester: user(request.requester),
    requested_at: request.requested_at,
    message: request.message,
    responder_request_targets: request.targets.map((id) => ({
      responder_request_target: {
        type: 'user',
        id,
        incidents_responders: [
          { state: 'pending', user: user(id), incident: incidentReference(incident), message: request.message },
        ],
      },
    })),
  });
  return {
    reference,
    user,
    service,
    escalationPolicy,
    schedule,
    responderRequest,
    fullUser: (id: string) => {
      const known = account.users.get(id)!;
      return {
        ...user(id),
        type: 'user',
        name: known.name,
        email: known.email,
        time_zone: 'America/New_York',
        role: 'user',
      };
    },
    note: (note: PagerDutyIncident['notes'][number]) => ({
      id: note.id,
      user: user(note.user),
      channel: { summary: 'The PagerDuty website or APIs' },
      content: note.content,
      created_at: note.created_at,
    }),
    incident: (incident: PagerDutyIncident) => ({
      ...incidentReference(incident),
      type: 'incident',
      incident_number: incident.incident_number,
      title: incident.title,
      created_at: incident.created_at,
      status: incident.status,
      incident_key: incident.incident_key,
      service: service(incident.service),
      assignments: incident.assignees.map((id) => ({ at: incident.created_at, assignee: user(id) })),
      escalation_policy: escalationPolicy(incident.escalationPolicy),
      urgency: incident.urgency,
      responder_requests: incident.responderRequests.map((request) => responderRequest(incident, request)),
    }),
  };
};
