import { randomBytes } from 'node:crypto';
import type { SandboxContext } from '../part.ts';

export interface PagerDutyUser {
  id: string;
  name: string;
  email: string;
}

export interface PagerDutyIncident {
  id: string;
  incident_number: number;
  title: string;
  status: 'triggered' | 'acknowledged' | 'resolved';
  urgency: 'high' | 'low';
  incident_key: string;
  service: string;
  escalationPolicy: string;
  created_at: string;
  body?: string;
  assignees: string[];
  notes: { id: string; content: string; user: string; created_at: string }[];
  responderRequests: { requester: string; message: string; targets: string[]; requested_at: string }[];
  log: { at: string; what: string }[];
}

/** Users, schedules and policies of a PagerDuty account, taken from the plans' people, groups and services. */
export const createAccount = (context: SandboxContext) => {
  const users = new Map<string, PagerDutyUser>();
  /** Who is on call by schedule, first first. */
  const schedules = new Map<string, string[]>();
  /** The schedule that each escalation policy asks. */
  const escalationPolicies = new Map<string, string | undefined>();
  const services = new Map<string, { escalationPolicy: string }>();
  /** Users whom a level of a policy asks without a schedule, by policy and level. */
  const askedDirectly = new Map<string, Map<number, string[]>>();

  for (const plan of context.plans) {
    for (const [key, person] of Object.entries(plan.people)) {
      const email = person.email ?? `${key}@sandbox.example`;
      if (person.pagerduty) users.set(person.pagerduty, { id: person.pagerduty, name: person.name ?? key, email });
    }
    let firstSchedule: string | undefined;
    for (const group of Object.values(plan.groups)) {
      const { 'pagerduty-schedule': schedule, 'pagerduty-policy': policy } = group;
      const written = group.people ?? group.offline ?? [];
      const chosen = written.map((key) => plan.people[key]?.pagerduty).filter((id) => id !== undefined);
      if (policy) {
        if (!escalationPolicies.has(policy)) escalationPolicies.set(policy, undefined);
        const levels = askedDirectly.get(policy) ?? new Map<number, string[]>();
        askedDirectly.set(policy, levels.set(group.level ?? 1, chosen));
      }
      if (!schedule) continue;
      firstSchedule ??= schedule;
      schedules.set(schedule, chosen.length > 0 ? chosen : [...users.keys()].slice(0, 2));
    }
    const announced = plan.announce.pagerduty;
    if (announced) {
      const policy = announced['escalation-policy'] ?? `P${plan.plan.toUpperCase().slice(0, 6)}EP`;
      escalationPolicies.set(policy, firstSchedule);
      services.set(announced.service, { escalationPolicy: policy });
    }
  }
  return {
    users,
    schedules,
    escalationPolicies,
    services,
    askedDirectly,
    incidents: [] as PagerDutyIncident[],
    pages: [] as { person: string; name: string; how: 'phone'; at: string; incident: string; why: string }[],
    newId: (prefix: string) => prefix + randomBytes(8).toString('hex').toUpperCase().slice(0, 13),
    onCall: (policy: string): string[] => schedules.get(escalationPolicies.get(policy) ?? '') ?? [],
  };
};

export type Account = ReturnType<typeof createAccount>;
