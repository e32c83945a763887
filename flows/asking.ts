import type { ApprovalRule, FlowPlan, FlowRequest, GroupView, PersonView, StepDraft } from '../src/define.ts';
import { fillReference, pageOf } from './telling.ts';

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
