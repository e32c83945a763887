import { MaydayError } from '../../errors.ts';
import { sendable } from '../../redact.ts';
import type { PagerDutySettings } from './config.ts';
import { isDuplicate, throwUnlessOk } from './errors.ts';
import { createRestCall } from './rest-call.ts';

const eventMilliseconds = 10_000;

export interface PagerDutyIncident {
  id: string;
  url: string;
  key: string;
  status: 'triggered' | 'acknowledged' | 'resolved';
  /** Messages of the responder requests made so far, by which our own are found again. */
  requests: { message: string; targets: string[] }[];
}

/** PagerDuty as Mayday uses it: incidents by key, notes, responders, and who is on call at this moment. */
export const createPagerDutyClient = (settings: PagerDutySettings) => {
  const call = createRestCall(settings);
  let self: Promise<string> | undefined;

  const onCall = async (
    who: Record<string, string[]>,
    isWanted: (level: number) => boolean,
    signal: AbortSignal | undefined,
    at: Date | undefined,
  ): Promise<string[]> => {
    const users: { level: number; id: string }[] = [];
    const when = at && { since: at.toISOString(), until: new Date(at.getTime() + 1000).toISOString() };
    for (let offset = 0; ; offset += 100) {
      const query = { ...who, ...when, limit: '100', offset: String(offset) };
      const page = await call({ method: 'get', path: '/oncalls', query, signal });
      for (const each of page.oncalls)
        if (isWanted(each.escalation_level)) users.push({ level: each.escalation_level, id: each.user.id });
      if (!page.more) break;
    }
    users.sort((one, other) => one.level - other.level);
    return [...new Set(users.map(({ id }) => id))];
  };

  const client = {
    /** PagerDuty user ids on call for a schedule, now or at a given time, in order of escalation; asked anew each time. */
    onCallNow: (schedule: string, signal?: AbortSignal, at?: Date): Promise<string[]> =>
      onCall({ 'schedule_ids[]': [schedule] }, () => true, signal, at),
    /** The same for a level of an escalation policy; null: for any of its levels. */
    onCallAtLevel: (policy: string, level: number | null, signal?: AbortSignal, at?: Date): Promise<string[]> =>
      onCall({ 'escalation_policy_ids[]': [policy] }, (each) => level === null || each === level, signal, at),
    /** The newest incident with that key, open or not. */
    async findByKey(service: string, key: string, signal?: AbortSignal): Promise<PagerDutyIncident | undefined> {
      const query = {
        incident_key: key,
        'service_ids[]': [service],
        'statuses[]': ['triggered', 'acknowledged', 'resolved'],
        // Without it PagerDuty looks at the last month only.
        date_range: 'all',
      };
      const { incidents } = await call({ method: 'get', path: '/incidents', query, signal });
      const newest = incidents.at(-1);
      return newest === undefined ? undefined : shown(newest);
    },
    async getIncident(id: string, signal?: AbortSignal): Promise<PagerDutyIncident> {
      const { incident } = await call({ method: 'get', path: `/incidents/${encodeURIComponent(id)}`, signal });
      return shown(incident);
    },
    /** Undefined when an open incident has that key already. */
    async createIncident(
      made: { service: string; escalationPolicy?: string; title: string; details: string; key: string },
      signal?: AbortSignal,
    ): Promise<PagerDutyIncident | undefined> {
      const incident = {
        type: 'incident',
        title: made.title.slice(0, 1024),
        service: { id: made.service, type: 'service_reference' },
        urgency: 'high',
        incident_key: made.key,
        body: { type: 'incident_body', details: made.details },
        ...(made.escalationPolicy
          ? { escalation_policy: { id: made.escalationPolicy, type: 'escalation_policy_reference' } }
          : {}),
      };
      const answer = await call({
        method: 'post',
        path: '/incidents',
        data: { incident },
        accept: isDuplicate,
        signal,
      });
      return answer.incident ? shown(answer.incident) : undefined;
    },
    async setStatus(
      id: string,
      status: 'acknowledged' | 'resolved',
      resolution: string | undefined,
      signal?: AbortSignal,
    ): Promise<void> {
      const incident = { type: 'incident', status, ...(resolution ? { resolution } : {}) };
      await call({ method: 'put', path: `/incidents/${encodeURIComponent(id)}`, data: { incident }, signal });
    },
    async notes(id: string, signal?: AbortSignal): Promise<{ id: string; content: string }[]> {
      return (await call({ method: 'get', path: `/incidents/${encodeURIComponent(id)}/notes`, signal })).notes;
    },
    async addNote(id: string, content: string, signal?: AbortSignal): Promise<{ id: string }> {
      const path = `/incidents/${encodeURIComponent(id)}/notes`;
      return (await call({ method: 'post', path, data: { note: { content } }, signal })).note;
    },
    async requestResponders(id: string, people: string[], message: string, signal?: AbortSignal): Promise<void> {
      const data = {
        requester_id: await client.whoAmI(signal),
        message,
        responder_request_targets: people.map((person) => ({
          responder_request_target: { id: person, type: 'user_reference' },
        })),
      };
      await call({ method: 'post', path: `/incidents/${encodeURIComponent(id)}/responder_requests`, data, signal });
    },
    /** Whether the token may make incidents: asked with one that has no title and no service, which nobody could make. */
    async mayCreate(signal?: AbortSignal): Promise<boolean> {
      const answer = await call({
        method: 'post',
        path: '/incidents',
        data: { incident: { type: 'incident' } },
        accept: ({ status }) => status === 400 || status === 401 || status === 403,
        signal,
      });
      return answer.status === 400;
    },
    /** The id of the user named by `PAGERDUTY_FROM`. */
    whoAmI(signal?: AbortSignal): Promise<string> {
      self ??= findSelf(signal);
      // A failure is not kept: the next call asks again.
      self.catch(() => {
        self = undefined;
      });
      return self;
    },
    /** An event for what watches Mayday itself; needs the routing key. */
    async sendEvent(
      event: { action: 'trigger' | 'resolve'; key: string; summary: string; source: string },
      signal?: AbortSignal,
    ) {
      if (!settings.PAGERDUTY_ROUTING_KEY)
        throw new MaydayError('config/missing', 'PAGERDUTY_ROUTING_KEY is not set, so no event can be sent.');
      const body = {
        routing_key: settings.PAGERDUTY_ROUTING_KEY,
        event_action: event.action,
        dedup_key: event.key,
        ...(event.action === 'trigger'
          ? { payload: sendable({ summary: event.summary.slice(0, 1024), source: event.source, severity: 'critical' }) }
          : {}),
      };
      const deadline = AbortSignal.timeout(eventMilliseconds);
      let response: Response;
      try {
        response = await fetch(settings.PAGERDUTY_EVENTS_URL, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
          redirect: 'error',
          signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
        });
      } catch (error) {
        // Events are deduplicated by key, so sending again is safe whatever became of this one.
        throw new MaydayError('system/unknown', 'PagerDuty did not take the event.', { retryable: true, cause: error });
      }
      if (response.status === 429) {
        const seconds = Number(response.headers.get('retry-after') ?? 30);
        throw new MaydayError('system/throttled', `PagerDuty asks to call again in ${seconds} s.`, {
          retryAfterSeconds: seconds,
        });
      }
      throwUnlessOk('an event', true, {
        status: response.status,
        body: { error: await response.json().catch(() => ({})) },
      });
    },
  };

  const findSelf = async (signal?: AbortSignal): Promise<string> => {
    const email = settings.PAGERDUTY_FROM;
    const { users } = await call({ method: 'get', path: '/users', query: { query: email, limit: '100' }, signal });
    const user = users.find((each: any) => String(each.email).toLowerCase() === email.toLowerCase());
    if (!user)
      throw new MaydayError('config/invalid', `PagerDuty has no user with the e-mail ${email} (PAGERDUTY_FROM).`);
    return user.id;
  };
  return client;
};

export type PagerDutyClient = ReturnType<typeof createPagerDutyClient>;

const shown = (incident: any): PagerDutyIncident => ({
  id: incident.id,
  url: incident.html_url ?? '',
  key: incident.incident_key ?? '',
  status: incident.status,
  requests: (incident.responder_requests ?? []).map((request: any) => ({
    message: String(request.message ?? ''),
    targets: (request.responder_request_targets ?? []).map((each: any) => each.responder_request_target?.id),
  })),
});
