import type { ApprovalRule, FlowPlan, FlowRequest, GroupView, PersonView, StepDraft } from '../src/define.ts';
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

/** A message to each pinned person whose yes the rule asks for; who is on call is paged. */
export const askApprovers = (
  plan: FlowPlan,
  rule: ApprovalRule,
  request: FlowRequest,
  channel: string,
  wakes = false,
): StepDraft[] => {
  const people = rule.slots.flatMap(({ people }) => people);
  const distinct = people.filter(
    (person, i) =>
      person.slack &&
      person.slack !== request.requester.slack &&
      people.findIndex(({ slack }) => slack === person.slack) === i,
  );
  const opened = plan.incident['channel'] ? [] : ['open-channel'];
  const asked = distinct.map(
    (person): StepDraft => ({
      id: `ask-${person.slack!.toLowerCase()}`,
      title: `Ask ${person.name} for approval`,
      phase: 'decide',
      uses: 'slack/direct-message',
      with: { person: plan.personKey(person), template: 'stakeholder/approval-asked' },
      after: ['preview', ...opened],
      withinSeconds: 60,
    }),
  );
  return [...asked, ...whileSilent(plan, rule, channel, wakes)];
};

/**
 * What is done while nobody answers, so that silence never lasts to the end unnoticed: those whose yes is missing are named in the
 * channel, then the rule's next ones are asked in good time, and before the question expires everybody is called once more by phone
 * and mail. None of it ever means yes.
 */
const whileSilent = (plan: FlowPlan, rule: ApprovalRule, channel: string, wakes: boolean): StepDraft[] => {
  const levels = rule.escalate ?? [];
  const share = rule.expiresSeconds / (levels.length + 1);
  const reached = distinctPeople(rule.slots.flatMap(({ people, offline }) => [...people, ...offline]));
  return [
    ...silence(plan, channel, wakes, {
      id: 'reminder',
      seconds: share / 2,
      title: 'those whose yes is missing are named',
      note: levels.length > 0 ? `and ${levels[0]!.name} is asked next` : 'and half of its time is over',
      who: { approval: 'approve' },
      people: [],
    }),
    ...levels.flatMap((level, i) =>
      silence(plan, channel, wakes, {
        id: `escalate-${i + 1}`,
        seconds: share * (i + 1),
        title: `${level.name} is asked`,
        note: level.name,
        template: 'slack/escalated',
        who: { groups: [level] },
        people: distinctPeople([...level.people, ...(level.live ? level.offline : [])]),
      }),
    ),
    ...silence(plan, channel, wakes, {
      id: 'last-call',
      seconds: rule.expiresSeconds - share / 3,
      title: 'everybody is called for the last time',
      note: 'and the question expires soon',
      who: { approval: 'approve' },
      people: reached,
    }),
  ];
};

interface Silence {
  id: string;
  /** World seconds of silence after which it is done. */
  seconds: number;
  title: string;
  note: string;
  template?: string;
  /** Whom the message in the channel names. */
  who: { approval?: string; groups?: GroupView[] };
  /** Who is written to, called and mailed besides. */
  people: PersonView[];
}

/** One reaction to silence: named in the channel, written to, called by phone and mailed. */
const silence = (
  plan: FlowPlan,
  channel: string,
  wakes: boolean,
  { id, seconds, title, note, template, who, people }: Silence,
): StepDraft[] => {
  const silent = `${id}-if-silent`;
  const rounded = Math.round(seconds);
  const missed: Pick<StepDraft, 'phase' | 'after' | 'onFailure'> = {
    phase: 'decide',
    after: [silent],
    onFailure: true,
  };
  const extra = { note };
  const paged = plan.announce.pagerduty ? pageOf(plan, wakes) : undefined;
  const phones = people.filter(({ pagerduty }) => pagerduty);
  const { mail } = plan.announce;
  return [
    {
      id: silent,
      title: `See whether it is approved before ${title}`,
      phase: 'decide',
      uses: 'engine/in-time',
      with: { step: 'approve', seconds: rounded },
      after: ['preview'],
      timeoutSeconds: rounded + 600,
    },
    { id: `${id}-who`, title: 'Look up who that is now', uses: 'engine/who', with: who, ...missed },
    {
      id,
      title: `Say in the channel that an answer is missing`,
      uses: 'slack/post',
      with: {
        channel: fillReference(channel),
        template: template ?? 'slack/approval-reminder',
        extra: { ...extra, mentions: { $step: `${id}-who`, $output: 'mentions' } },
      },
      ...missed,
    },
    ...people.flatMap((person): StepDraft[] =>
      person.slack
        ? [
            {
              id: `${id}-${person.slack.toLowerCase()}`,
              title: `Ask ${person.name}, because nobody answered`,
              uses: 'slack/direct-message',
              with: { person: plan.personKey(person), template: 'stakeholder/approval-asked', extra },
              ...missed,
            },
          ]
        : [],
    ),
    ...(paged && phones.length > 0
      ? [
          {
            id: `${id}-call`,
            title: `Call ${phones.map(({ name }) => name).join(' and ')}, because nobody answered`,
            uses: 'pagerduty/request-responders',
            with: {
              incident: fillReference(paged),
              people: phones.map((person) => plan.personKey(person)),
              template: 'stakeholder/approval-asked',
              extra,
            },
            ...missed,
          } satisfies StepDraft,
        ]
      : []),
    ...(mail
      ? people.flatMap((person): StepDraft[] =>
          person.email
            ? [
                {
                  id: `${id}-mail-${idOf(person.email)}`.slice(0, 63),
                  title: `Mail ${person.name}, because nobody answered`,
                  uses: 'email/send',
                  with: { from: mail.from, to: person.email, template: 'stakeholder/approval-asked', extra },
                  ...missed,
                },
              ]
            : [],
        )
      : []),
  ];
};

/**
 * Those whom the rule wants told of a run that was approved, each by every way there is, and by when. When nobody of them was reached in
 * time the channel hears of it, and their phones ring.
 */
export const tellAfterwards = (plan: FlowPlan, rule: ApprovalRule, channel: string, wakes = false): StepDraft[] =>
  rule.tell.flatMap(({ group, withinSeconds }): StepDraft[] => {
    const people = distinctPeople([...group.people, ...(group.live ? group.offline : [])]);
    const { mail } = plan.announce;
    const told = people.flatMap((person): StepDraft[] => {
      const base = {
        title: `Tell ${person.name}, as the rule "${rule.name}" asks`,
        phase: 'report' as const,
        needs: ['approve'],
        withinSeconds,
      };
      return [
        ...(person.slack
          ? [
              {
                ...base,
                id: `inform-${group.name}-${person.slack.toLowerCase()}`,
                uses: 'slack/direct-message',
                with: { person: plan.personKey(person), template: 'stakeholder/first-notice' },
              },
            ]
          : []),
        ...(person.email && mail
          ? [
              {
                ...base,
                id: `inform-${group.name}-${idOf(person.email.split('@')[0]!)}`,
                uses: 'email/send',
                with: { from: mail.from, to: person.email, template: 'email/leadership' },
              },
            ]
          : []),
      ];
    });
    const [first, ...others] = told.map(({ id }) => id);
    if (first === undefined) return [];
    const inTime = `inform-${group.name}-in-time`;
    const phones = people.filter(({ pagerduty }) => pagerduty);
    const missed: Pick<StepDraft, 'phase' | 'after' | 'onFailure'> = {
      phase: 'report',
      after: [inTime],
      onFailure: true,
    };
    const extra = { note: group.name };
    return [
      ...told,
      {
        id: inTime,
        title: `See whether ${group.name} were told in time`,
        phase: 'report',
        uses: 'engine/in-time',
        with: { step: first, or: others, seconds: withinSeconds },
        needs: ['approve'],
        timeoutSeconds: withinSeconds + 600,
      },
      {
        id: `inform-${group.name}-missed`,
        title: `Say that ${group.name} were not told in time`,
        uses: 'slack/post',
        with: { channel: fillReference(channel), template: 'slack/not-told-in-time', extra },
        ...missed,
      },
      ...(plan.announce.pagerduty && phones.length > 0
        ? [
            {
              id: `inform-${group.name}-call`,
              title: `Call ${group.name}, who were not told in time`,
              uses: 'pagerduty/request-responders',
              with: {
                incident: fillReference(pageOf(plan, wakes)),
                people: phones.map((person) => plan.personKey(person)),
                template: 'stakeholder/first-notice',
                extra,
              },
              ...missed,
            } satisfies StepDraft,
          ]
        : []),
    ];
  });

const distinctPeople = (people: readonly PersonView[]): PersonView[] =>
  people.filter(
    (person, i) => people.findIndex(({ slack, name }) => slack === person.slack && name === person.name) === i,
  );

const idOf = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

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

const pageOf = (plan: FlowPlan, wakes: boolean): string =>
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
