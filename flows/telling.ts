import type { FlowPlan, FlowRequest, StepDraft } from '../src/define.ts';
import { noPlanName } from '../src/plan/no-plan.ts';

/** What every flow that changes something says to people, and when: the steps that all of them share. */
export interface Told {
  steps: StepDraft[];
  /** Where the incident is talked about: an id, or a reference to the step that opens it. */
  channel: string;
}

export interface Milestones {
  /** The approval, when the flow has one; the public is told nothing before it. */
  approval: string | undefined;
  execute: string[];
  verify: string[];
}

const usualPattern = 'inc-{date}-{plan}-{stamp}';

/** What makes it new must not be cut off, so the rest gives way. */
const channelName = (plan: FlowPlan, request: FlowRequest): string => {
  const fill = (planName: string) =>
    (request.channelPattern ?? usualPattern)
      .replaceAll('{date}', request.requestedAt.slice(0, 10).replaceAll('-', ''))
      .replaceAll('{plan}', planName)
      .replaceAll('{severity}', request.severity.toLowerCase())
      .replaceAll('{stamp}', request.stamp)
      .replaceAll(/-{2,}/g, '-');
  // An incident without a plan is called by its date and stamp alone.
  const name = plan.plan === noPlanName ? '' : plan.plan;
  return fill(name.slice(0, Math.max(0, name.length - Math.max(0, fill(name).length - 80))));
};

/** Whether somebody is told when it is as bad as that. */
const isFor =
  (severity: string) =>
  ({ severities }: { severities?: string[] }): boolean =>
    severities === undefined || severities.includes(severity);

/** How bad it must be for people to be woken, and for everybody who may decide to be called in. */
const isUrgent = (severity: string): boolean => severity === 'P1' || severity === 'P2';

/** Opens the channel and pages; or, in an incident that has both, uses them. */
export const gather = (plan: FlowPlan, request: FlowRequest, wakes = false, declares = false): Told => {
  const steps: StepDraft[] = [];
  const opened = plan.incident['channel'];
  const channel = opened ?? '{{ steps.open-channel.output.channel }}';
  if (!opened)
    steps.push({
      id: 'open-channel',
      title: 'Open the incident channel',
      phase: 'declare',
      uses: 'slack/open-channel',
      with: { name: channelName(plan, request), purpose: `${plan.title}: ${request.reason}`.slice(0, 250) },
      record: { name: 'channel', from: 'channel' },
    });
  const { pagerduty } = plan.announce;
  // A failover always pages: whoever acknowledged an earlier alarm must hear of this one.
  if (pagerduty && (wakes || !plan.incident['pagerduty']) && (!declares || isUrgent(request.severity)))
    steps.push(page(pagerduty));
  const needs = opened ? [] : ['open-channel'];
  if (steps.some(({ id }) => id === 'page')) steps.push(...secondRoute(plan, channel, needs));
  steps.push(
    {
      id: 'invite',
      title: 'Invite those who work on it',
      phase: 'declare',
      uses: 'slack/invite',
      with: { channel: fillReference(channel), people: peopleToInvite(plan, request) },
      needs,
    },
    // What was declared stands in the incident's headline, which is pinned there.
    ...(declares
      ? []
      : [
          {
            id: 'tell-channel',
            title: 'Say in the channel what was asked for',
            phase: 'declare',
            uses: 'slack/post',
            with: { channel: fillReference(channel), template: 'slack/first-notice' },
            needs,
          } satisfies StepDraft,
        ]),
  );
  if (request.breakGlass) steps.push(...loudly(plan, fillReference(channel), needs));
  const isSaidThere = (name: string) => declares && name === request.digestChannel;
  for (const [i, { name }] of plan.announce.channels
    .filter((each) => isFor(request.severity)(each) && !isSaidThere(each.name))
    .entries())
    steps.push({
      id: `announce-${i + 1}`,
      title: `Say it in ${name}`,
      phase: 'declare',
      uses: 'slack/post',
      with: { channel: name, template: declares ? 'slack/declared' : 'slack/first-notice' },
    });
  return { steps, channel };
};

const page = (pagerduty: NonNullable<FlowPlan['announce']['pagerduty']>): StepDraft => ({
  id: 'page',
  title: 'Page on-call',
  phase: 'declare',
  uses: 'pagerduty/page',
  with: {
    service: pagerduty.service,
    ...(pagerduty.escalationPolicy ? { 'escalation-policy': pagerduty.escalationPolicy } : {}),
  },
  withinSeconds: 120,
  record: { name: 'pagerduty', from: 'incident' },
});

/** What was declared as milder than it is: those who were left to sleep are woken, and called in. */
export const wakeUp = (plan: FlowPlan, request: FlowRequest, channel: string): StepDraft[] => {
  const { pagerduty } = plan.announce;
  if (!isUrgent(request.severity) || isUrgent(request.severityBefore ?? request.severity)) return [];
  return [
    ...(pagerduty && !plan.incident['pagerduty'] ? [page(pagerduty), ...secondRoute(plan, channel, [])] : []),
    {
      id: 'invite',
      title: 'Invite those who work on it',
      phase: 'declare',
      uses: 'slack/invite',
      with: { channel, people: peopleToInvite(plan, request) },
    },
  ];
};

/** What was done without Slack and without the plan's own rule is said to everybody, as soon as it can be. */
const loudly = (plan: FlowPlan, channel: unknown, needs: string[]): StepDraft[] => {
  const { mail } = plan.announce;
  const say = (id: string, target: unknown, edges: Partial<StepDraft> = {}): StepDraft => ({
    id,
    title: 'Say that the glass was broken',
    phase: 'declare',
    uses: 'slack/post',
    with: { channel: target, template: 'slack/break-glass' },
    ...edges,
  });
  const people = [...plan.responders, ...plan.stakeholders.map(({ person }) => person)];
  const addresses = [...new Set(people.flatMap(({ email }) => (email ? [email.toLowerCase()] : [])))];
  return [
    say('say-break-glass', channel, { needs }),
    ...plan.announce.channels.map(({ name }, i) => say(`say-break-glass-${i + 1}`, name)),
    ...(mail
      ? addresses.map(
          (email): StepDraft => ({
            id: `break-glass-${email.replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 63),
            title: `Tell ${email} that the glass was broken`,
            phase: 'declare',
            uses: 'email/send',
            with: { from: mail.from, to: email, template: 'email/break-glass' },
          }),
        )
      : []),
  ];
};

/** World seconds after which people are woken another way, while the page goes on being tried. */
const pagePatienceSeconds = 180;

/** When nobody could be paged: the channel sees it, and those who may stand in are mailed. */
const secondRoute = (plan: FlowPlan, channel: string, needs: string[]): StepDraft[] => {
  const onFailure: Pick<StepDraft, 'phase' | 'after' | 'onFailure'> = {
    phase: 'declare',
    after: ['page-in-time'],
    onFailure: true,
  };
  const standIns = plan.responders.filter(
    (person, i, all) => person.email && all.findIndex(({ email }) => email === person.email) === i,
  );
  const { mail } = plan.announce;
  return [
    {
      id: 'page-in-time',
      title: 'See whether the page went out',
      phase: 'declare',
      uses: 'engine/in-time',
      with: { step: 'page', seconds: pagePatienceSeconds },
    },
    {
      id: 'page-missed',
      title: 'Say that nobody could be paged in time',
      uses: 'slack/post',
      with: { channel: fillReference(channel), template: 'slack/page-missed' },
      needs,
      ...onFailure,
    },
    ...(mail
      ? standIns.map(
          (person): StepDraft => ({
            id: `wake-${person.email!.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 63),
            title: `Mail ${person.name}, because nobody could be paged`,
            uses: 'email/send',
            with: { from: mail.from, to: person.email, template: 'email/page-missed' },
            ...onFailure,
          }),
        )
      : []),
  ];
};

/** Each stakeholder by each of their ways, within their time; first when it begins, and again how it ended. */
export const tellStakeholders = (
  plan: FlowPlan,
  channel: string,
  { execute, verify }: Milestones,
  severity: string,
  wakes = false,
): StepDraft[] => {
  const page = plan.announce.pagerduty ? pageOf(plan, wakes) : undefined;
  const end = [...execute, ...verify];
  return plan.stakeholders.filter(isFor(severity)).flatMap((stakeholder): StepDraft[] => {
    const extra = { stakeholder: { title: stakeholder.title, name: stakeholder.person.name } };
    const tell = (way: string, template: string): Pick<StepDraft, 'uses' | 'with'> | undefined => {
      if (way === 'email' && stakeholder.person.email && plan.announce.mail)
        return {
          uses: 'email/send',
          with: { from: plan.announce.mail.from, to: stakeholder.person.email, template, extra },
        };
      if (way === 'slack')
        return stakeholder.person.slack
          ? { uses: 'slack/direct-message', with: { person: stakeholder.personKey, template, extra } }
          : { uses: 'slack/post', with: { channel: fillReference(channel), template, extra } };
      if (way === 'phone' && page && stakeholder.person.pagerduty)
        return {
          uses: 'pagerduty/request-responders',
          with: { incident: fillReference(page), people: [stakeholder.personKey], template, extra },
        };
      if (way === 'pagerduty' && page)
        return { uses: 'pagerduty/note', with: { incident: fillReference(page), template, extra } };
      return undefined;
    };
    return stakeholder.by.flatMap((way): StepDraft[] => {
      const first = tell(way, 'stakeholder/first-notice');
      if (!first) return [];
      const id = `tell-${stakeholder.name}-by-${way}`;
      const steps: StepDraft[] = [
        {
          id,
          title: `Tell ${stakeholder.title} by ${way}`,
          phase: 'declare',
          ...first,
          withinSeconds: stakeholder.withinSeconds,
        },
      ];
      // A phone rings once, to wake; how it ended can be read.
      if (way === 'phone') return steps;
      steps.push(
        {
          id: `${id}-resolved`,
          title: `Tell ${stakeholder.title} by ${way} that it is over`,
          phase: 'report',
          ...tell(way, 'stakeholder/resolved')!,
          needs: end,
          after: [id],
        },
        {
          id: `${id}-update`,
          title: `Tell ${stakeholder.title} by ${way} how it stands`,
          phase: 'report',
          ...tell(way, 'stakeholder/update')!,
          after: [...end, id],
          onFailure: true,
        },
      );
      return steps;
    });
  });
};

/** The public: investigating once it is approved, identified, monitoring, resolved. Nothing while it may be refused. */
export const tellPublic = (
  plan: FlowPlan,
  { approval, execute, verify }: Milestones,
  severity: string,
): StepDraft[] => {
  const page = plan.announce.statusPage;
  if (!page || !isFor(severity)({ severities: page.for })) return [];
  const incident = plan.incident['statuspage'] ?? '{{ steps.status-investigating.output.incident }}';
  const components = Object.keys(page.components);
  const affected = (status: string) => Object.fromEntries(components.map((key) => [page.components[key]!, status]));
  const update = (status: string, componentStatus: string, edges: Partial<StepDraft>): StepDraft => ({
    id: `status-${status}`,
    title: `Status page: ${status}`,
    phase: 'report',
    uses: 'statuspage/update',
    with: { incident: fillReference(incident), status, components: affected(componentStatus) },
    ...edges,
  });
  const first: StepDraft[] = plan.incident['statuspage']
    ? []
    : [
        {
          id: 'status-investigating',
          title: 'Status page: investigating',
          phase: 'declare',
          uses: 'statuspage/create',
          with: { name: page.name, impact: page.impact, components: affected('major_outage') },
          needs: approval ? [approval] : [],
          withinSeconds: 300,
          record: { name: 'statuspage', from: 'incident' },
        },
      ];
  const created = first.map(({ id }) => id);
  return [
    ...first,
    update('identified', 'major_outage', {
      needs: [...created, ...(approval ? [approval] : [])],
      after: execute.slice(0, 1),
    }),
    update('monitoring', 'degraded_performance', { needs: [...created, ...execute], after: ['status-identified'] }),
    update('resolved', 'operational', { needs: [...created, ...verify], after: ['status-monitoring'] }),
  ];
};

/** The incident's own channel, the page, leadership, and what is said when the run stops for a human. */
export const tellOutcome = (
  plan: FlowPlan,
  channel: string,
  { execute, verify }: Milestones,
  severity: string,
  wakes = false,
): StepDraft[] => {
  const end = [...execute, ...verify];
  const page = plan.announce.pagerduty ? pageOf(plan, wakes) : undefined;
  const post = (id: string, title: string, template: string, edges: Partial<StepDraft>): StepDraft => ({
    id,
    title,
    phase: 'report',
    uses: 'slack/post',
    with: { channel: fillReference(channel), template },
    ...edges,
    // What was asked for is said before how it went, also when both had to wait.
    after: [...(edges.after ?? []), 'tell-channel'],
  });
  const { mail } = plan.announce;
  return [
    post('say-resolved', 'Say in the channel that it is done', 'slack/resolved', { needs: end }),
    post('say-update', 'Say in the channel how it stands', 'slack/update', { after: end, onFailure: true }),
    post('say-halted', 'Say that a human must decide', 'slack/halted', { onHalt: true }),
    ...(page
      ? [
          {
            id: 'note-halted',
            title: 'Note on the page that a human must decide',
            phase: 'report',
            uses: 'pagerduty/note',
            with: { incident: fillReference(page), template: 'page/halted' },
            onHalt: true,
          } satisfies StepDraft,
          {
            id: 'resolve-page',
            title: 'Resolve the page',
            phase: 'report',
            uses: 'pagerduty/resolve',
            with: { incident: fillReference(page) },
            needs: end,
          } satisfies StepDraft,
        ]
      : []),
    ...(mail?.leadership && isFor(severity)({ severities: mail.leadershipSeverities })
      ? [
          {
            id: 'mail-leadership',
            title: 'Mail leadership',
            phase: 'declare',
            uses: 'email/send',
            with: { from: mail.from, to: mail.leadership, template: 'email/leadership' },
          } satisfies StepDraft,
          {
            id: 'mail-summary',
            title: 'Mail leadership the summary',
            phase: 'report',
            uses: 'email/send',
            with: { from: mail.from, to: mail.leadership, template: 'email/summary' },
            after: end,
          } satisfies StepDraft,
        ]
      : []),
  ];
};

/** The page's incident: the one that this run makes, or the one that there is. */
export const pageOf = (plan: FlowPlan, wakes: boolean): string =>
  (wakes ? undefined : plan.incident['pagerduty']) ?? '{{ steps.page.output.incident }}';

const referencePattern = /^\{\{ steps\.([a-z0-9-]+)\.output\.([a-z]+) \}\}$/;

/** Flows write references the way plans do; here they become what the graph holds. */
export const fillReference = (text: string): unknown => {
  const match = referencePattern.exec(text);
  return match ? { $step: match[1], $output: match[2] } : text;
};

/** Who asked, who is on call, and when it is bad everybody who may have to decide. */
const peopleToInvite = (plan: FlowPlan, request: FlowRequest): string[] => {
  const { onCall = [] } = request;
  const ids = new Set<string>([request.requester.slack, ...onCall]);
  if (isUrgent(request.severity) || onCall.length === 0)
    for (const person of plan.responders) if (person.slack) ids.add(person.slack);
  return [...ids].filter((id) => /^[UW][A-Z0-9]{6,}$/.test(id));
};
