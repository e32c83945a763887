import type { IncomingMessage } from 'node:http';
import type { Account } from './account.ts';
import type { Incidents } from './incidents.ts';
import { checkKeys, checkQuery, invalidInput, notFound, PagerDutyRefusal } from './pagerduty-refusal.ts';
import { createShapes } from './shapes.ts';

export interface RestCall {
  method: string;
  path: string[];
  query: URLSearchParams;
  body: any;
  request: IncomingMessage;
}

/** REST API v2: one call in, status and body out; refusals are thrown. */
export const createRest = (account: Account, incidents: Incidents, now: () => Date) => {
  const shapes = createShapes(account);

  const fromUser = (request: IncomingMessage): string => {
    const email = request.headers['from'];
    if (typeof email !== 'string' || email === '') throw invalidInput('From header is required');
    const user = [...account.users.values()].find((each) => each.email.toLowerCase() === email.toLowerCase());
    if (!user)
      throw new PagerDutyRefusal(400, 'Requester User Not Found', 2001, [
        'From header must be a valid user of this account',
      ]);
    return user.id;
  };
  const paged = (key: string, all: unknown[], query: URLSearchParams) => {
    const limit = Number(query.get('limit') ?? 25);
    const offset = Number(query.get('offset') ?? 0);
    if (!(limit >= 1 && limit <= 100) || !(offset >= 0)) throw invalidInput('limit must be between 1 and 100');
    return { [key]: all.slice(offset, offset + limit), limit, offset, total: null, more: offset + limit < all.length };
  };
  const onCalls = (query: URLSearchParams) => {
    checkQuery(query, [
      'time_zone',
      'include[]',
      'user_ids[]',
      'escalation_policy_ids[]',
      'schedule_ids[]',
      'since',
      'until',
      'earliest',
    ]);
    const wanted = (name: string) => (query.has(name) ? new Set(query.getAll(name)) : undefined);
    const [policies, schedules, users] = [
      wanted('escalation_policy_ids[]'),
      wanted('schedule_ids[]'),
      wanted('user_ids[]'),
    ];
    const hour = 3_600_000;
    const all = [...account.escalationPolicies].flatMap(([policy, schedule]) => [
      ...(schedule === undefined ? [] : (account.schedules.get(schedule) ?? [])).map((user) => ({
        policy,
        level: 1,
        schedule: schedule as string | undefined,
        user,
      })),
      ...[...(account.askedDirectly.get(policy) ?? [])].flatMap(([level, people]) =>
        people.map((user) => ({ policy, level, schedule: undefined, user })),
      ),
    ]);
    // The real API refuses a range that ends before it begins, and one of more than ninety days.
    const [since, until] = [query.get('since'), query.get('until')].map((text) => (text ? Date.parse(text) : null));
    if (Number.isNaN(since) || Number.isNaN(until)) throw invalidInput('since and until must be ISO 8601 dates');
    if (since != null && until != null && (until < since || until - since > 90 * 24 * 3_600_000))
      throw invalidInput('until must lie after since, and at most 90 days later');
    // A schedule that no policy asks has nobody on call; so it is with the real API, which lists by policy.
    const shown = all
      .filter(({ policy }) => !policies || policies.has(policy))
      .filter(({ schedule }) => !schedules || (schedule !== undefined && schedules.has(schedule)))
      .filter(({ user }) => !users || users.has(user))
      .map(({ policy, level, schedule, user }) => ({
        escalation_policy: shapes.escalationPolicy(policy),
        escalation_level: level,
        // Whom a policy asks by name, without a schedule, has none here either.
        schedule: schedule === undefined ? null : shapes.schedule(schedule),
        user: query.getAll('include[]').includes('users') ? shapes.fullUser(user) : shapes.user(user),
        start: new Date(now().getTime() - 8 * hour).toISOString(),
        end: new Date(now().getTime() + 8 * hour).toISOString(),
      }));
    return paged('oncalls', shown, query);
  };

  const incidentCalls = ({ method, path, query, body, request }: RestCall): { status: number; body: unknown } => {
    const [, id, part] = path;
    if (!id && method === 'GET') {
      checkQuery(query, [
        'date_range',
        'incident_key',
        'service_ids[]',
        'team_ids[]',
        'user_ids[]',
        'urgencies[]',
        'time_zone',
        'statuses[]',
        'sort_by',
        'include[]',
        'since',
        'until',
      ]);
      const is = (name: string, value: string) => !query.has(name) || query.getAll(name).includes(value);
      const found = account.incidents.filter(
        (each) =>
          is('incident_key', each.incident_key) &&
          is('service_ids[]', each.service) &&
          is('statuses[]', each.status) &&
          is('urgencies[]', each.urgency),
      );
      return { status: 200, body: paged('incidents', found.map(shapes.incident), query) };
    }
    if (!id && method === 'POST') {
      fromUser(request);
      return { status: 201, body: { incident: shapes.incident(incidents.createFromRequest(body)) } };
    }
    if (!id && method === 'PUT') {
      fromUser(request);
      checkKeys(body, 'body', ['incidents'], []);
      const changed = body.incidents.map((each: any) => incidents.update(incidents.find(each.id), each));
      return { status: 200, body: { incidents: changed.map(shapes.incident) } };
    }
    if (!id) throw notFound();
    const incident = incidents.find(id);
    if (!part && method === 'GET') return { status: 200, body: { incident: shapes.incident(incident) } };
    if (!part && method === 'PUT') {
      fromUser(request);
      checkKeys(body, 'body', ['incident'], []);
      return { status: 200, body: { incident: shapes.incident(incidents.update(incident, body.incident)) } };
    }
    if (part === 'notes' && method === 'GET') return { status: 200, body: { notes: incident.notes.map(shapes.note) } };
    if (part === 'notes' && method === 'POST') {
      const note = incidents.addNote(incident, body, fromUser(request));
      return { status: 200, body: { note: shapes.note(note) } };
    }
    if (part === 'responder_requests' && method === 'POST') {
      const made = incidents.requestResponders(incident, body);
      return { status: 200, body: { responder_request: shapes.responderRequest(incident, made) } };
    }
    throw notFound();
  };

  return (call: RestCall): { status: number; body: unknown } => {
    const { method, path, query } = call;
    const [area, id] = path;
    if (area === 'incidents') return incidentCalls(call);
    if (method !== 'GET') throw notFound();
    if (area === 'oncalls') return { status: 200, body: onCalls(query) };
    if (area === 'users' && id) {
      if (!account.users.has(id)) throw notFound();
      return { status: 200, body: { user: shapes.fullUser(id) } };
    }
    if (area === 'users') {
      checkQuery(query, ['query', 'team_ids[]', 'include[]']);
      const text = (query.get('query') ?? '').toLowerCase();
      const found = [...account.users.values()].filter(({ name, email }) =>
        `${name} ${email}`.toLowerCase().includes(text),
      );
      return {
        status: 200,
        body: paged(
          'users',
          found.map((user) => shapes.fullUser(user.id)),
          query,
        ),
      };
    }
    const kinds = {
      services: { all: account.services, key: 'service', show: shapes.service },
      schedules: { all: account.schedules, key: 'schedule', show: shapes.schedule },
      escalation_policies: { all: account.escalationPolicies, key: 'escalation_policy', show: shapes.escalationPolicy },
    };
    if (area !== 'services' && area !== 'schedules' && area !== 'escalation_policies') throw notFound();
    const { all, key, show } = kinds[area];
    const full = (each: string) => ({ ...show(each), type: key, name: each });
    if (!id) return { status: 200, body: paged(area, [...all.keys()].map(full), query) };
    if (!all.has(id)) throw notFound();
    return { status: 200, body: { [key]: full(id) } };
  };
};
