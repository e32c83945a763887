import { z } from 'zod';
import { parseDuration } from './duration.ts';
import { parseHours } from './hours.ts';

/** `15m` and the like, in seconds. */
const duration = z
  .string({ error: 'expected a duration with its unit, such as 90s, 15m or 4h' })
  .transform((text, context) => {
    const seconds = parseDuration(text);
    if (seconds !== undefined) return seconds;
    context.addIssue({
      code: 'custom',
      message: `"${text}" is no duration; expected a number with its unit, such as 90s, 15m or 4h`,
    });
    return z.NEVER;
  });

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected a name of lower-case letters, digits and hyphens, at most 63');
const names = z.array(name);
const oneOrMore = z.union([name, names]).transform((value) => [value].flat());
const channel = z.string().regex(/^#[a-z0-9_-]{1,79}$/, 'expected a channel such as "#incidents"');

const severity = z.enum(['P1', 'P2', 'P3', 'P4']);
const forSeverities = z.array(severity).min(1).optional();

const person = z.strictObject({
  name: z.string().optional(),
  slack: z
    .string()
    .regex(/^[UW][A-Z0-9]{5,}$/, 'expected a Slack user id, such as U024BE7LH')
    .optional(),
  pagerduty: z
    .string()
    .regex(/^[A-Z0-9]{5,}$/, 'expected a PagerDuty user id, such as PXPGF42')
    .optional(),
  email: z.email('expected an e-mail address').optional(),
  /** By which orders on the command line are proven. */
  ssh: z
    .string()
    .regex(
      /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp256) [A-Za-z0-9+/]+=*( .*)?$/,
      'expected a public key as in authorized_keys, such as "ssh-ed25519 AAAA…"',
    )
    .optional(),
});

const group = z
  .strictObject({
    'pagerduty-schedule': z.string().optional(),
    'pagerduty-policy': z.string().optional(),
    /** Of the escalation policy; absent: whoever is on call at any of its levels. */
    level: z.int().min(1).max(20).optional(),
    'slack-group': z.string().optional(),
    people: names.optional(),
    offline: names.optional(),
  })
  .refine(
    (value) =>
      [value['pagerduty-schedule'], value['pagerduty-policy'], value['slack-group'], value.people].filter(
        (source) => source !== undefined,
      ).length === 1,
    'expected exactly one of pagerduty-schedule, pagerduty-policy, slack-group or people',
  )
  .refine((value) => value.level === undefined || value['pagerduty-policy'] !== undefined, {
    path: ['level'],
    message: '"level" belongs to a pagerduty-policy',
  });

/** How several people stand together: each of them, one of them, or so many different ones of them. */
export const togetherKeys = ['all-of', 'any-of', '2-of', '3-of', '4-of'] as const;
const oneOfTogether = `expected exactly one of ${togetherKeys.join(', ')}`;
const countTogether = (value: object): number =>
  togetherKeys.filter((key) => (value as Record<string, unknown>)[key] !== undefined).length;
const someNames = names.min(1, 'expected at least one who must say yes').optional();

/** Under `all-of` and `any-of` stand names, and at most one level of such lists. */
const who = z.union(
  [
    name,
    z
      .strictObject({
        'all-of': someNames,
        'any-of': someNames,
        '2-of': someNames,
        '3-of': someNames,
        '4-of': someNames,
      })
      .refine((value) => countTogether(value) === 1, oneOfTogether),
  ],
  { error: 'expected a name, or { any-of: […] }, { all-of: […] }, { 2-of: […] }' },
);
const several = z.array(who).min(1, 'expected at least one who must say yes').optional();

/** Who must say yes, and how; what stands under hours of a week, `otherwise` or `always`. */
export const ruleSchema = z
  .strictObject({
    /** The rule is for runs of these severities, or these scopes; absent: for all. */
    for: forSeverities,
    scope: oneOrMore.optional(),
    'all-of': several,
    'any-of': several,
    '2-of': someNames,
    '3-of': someNames,
    '4-of': someNames,
    requester: z.literal('counts').optional(),
    type: z
      .string()
      .regex(/^[A-Z ]{2,40}$/, 'expected a word in capitals that the approver types')
      .optional(),
    tell: z.record(name, duration).optional(),
    /** Who may stop the run besides those who may approve it. */
    'may-abort': names.optional(),
    /** Who is asked next, one after the other, while an answer is missing. */
    escalate: names.optional(),
    /** How an approver proves a second time who they are, before what can never be taken back. */
    'step-up': z
      .array(z.enum(['totp', 'link']))
      .min(1)
      .optional(),
  })
  .refine((value) => countTogether(value) === 1, oneOfTogether)
  .refine((value) => value.requester === undefined || value.type !== undefined, {
    path: ['requester'],
    message: 'whoever may approve what they asked for themselves must type a word: add "type"',
  });

export interface RuleText {
  /** The hours, `otherwise` or `always`. */
  when: string;
  /** Where it stands under the flow. */
  path: (string | number)[];
  rule: z.infer<typeof ruleSchema>;
}

/** A yes to a question of last week would be one to another world. */
const longestQuestionSeconds = 7 * 86_400;
const expiry = duration.refine((seconds) => seconds <= longestQuestionSeconds, {
  message: 'expected at most 7d: what was shown longer ago than that is no longer what would be done',
});

/** Hours or `otherwise` or `always` → a rule, or several of which the first that fits holds; `expires` → a duration. Keys are told apart here, so the error can say which. */
const approval = z.record(z.string(), z.unknown()).transform((value, context) => {
  const rules: RuleText[] = [];
  let expiresSeconds: number | undefined;
  let isForAllHours = false;
  for (const [key, written] of Object.entries(value)) {
    const schema = key === 'expires' ? expiry : ruleSchema;
    if (key !== 'expires' && key !== 'otherwise' && key !== 'always' && !parseHours(key)) {
      context.addIssue({
        code: 'custom',
        path: [key],
        message: `"${key}" is no time; expected "weekdays 09:00-18:00 America/New_York", "otherwise", "always" or "expires"`,
      });
      continue;
    }
    isForAllHours ||= key === 'otherwise' || key === 'always';
    const isList = Array.isArray(written) && key !== 'expires';
    for (const [i, each] of (isList ? written : [written]).entries()) {
      const at = isList ? [key, i] : [key];
      const parsed = schema.safeParse(each);
      if (!parsed.success)
        for (const issue of parsed.error.issues) context.addIssue({ ...issue, path: [...at, ...issue.path] } as never);
      else if (key === 'expires') expiresSeconds = parsed.data as number;
      else rules.push({ when: key, path: at, rule: parsed.data as z.infer<typeof ruleSchema> });
    }
  }
  if (!isForAllHours)
    context.addIssue({ code: 'custom', message: 'expected a rule for every hour: add "otherwise" or "always"' });
  if (!Object.hasOwn(value, 'expires'))
    context.addIssue({ code: 'custom', message: 'expected "expires": how long the question stands' });
  return { rules, expiresSeconds: expiresSeconds ?? 0 };
});

/** What a step does: an action or check (`uses`), time that passes (`wait`), or a person's work (`manual`). */
const deeds = ['uses', 'wait', 'manual'] as const;

const step = z
  .strictObject({
    title: z.string().max(120).optional(),
    uses: z.string().optional(),
    with: z.record(z.string(), z.unknown()).optional(),
    /** Time that passes before anything that needs this step begins. */
    wait: duration.optional(),
    /** Checks that must go on saying yes while it waits. */
    while: names.optional(),
    /** What a person does; who says that it is done is in the journal. */
    manual: z.string().min(1).max(500).optional(),
    /** What that person confirms, point by point. */
    checklist: z.array(z.string().min(1).max(200)).min(1).max(20).optional(),
    needs: names.optional(),
    after: names.optional(),
    /** One step for each entry of a component's setting, such as `application.deployments`. */
    'for-each': z
      .string()
      .regex(
        /^([a-z][a-z0-9-]*|\{\{ ?[a-z][a-z0-9-]* ?\}\})\.[a-z][a-z0-9-]*$/,
        'expected a component and one of its settings: application.deployments',
      )
      .optional(),
    /** Over the run's arguments only: the step is part of the graph when each named one has one of the values. */
    when: z
      .strictObject({ scope: oneOrMore.optional(), from: oneOrMore.optional(), to: oneOrMore.optional() })
      .optional(),
    require: z.union([z.string(), z.array(z.string())]).optional(),
    unless: z.string().optional(),
    /** One of the plan's phases, whose target it counts for. */
    phase: name.optional(),
    within: duration.optional(),
    timeout: duration.optional(),
  })
  .superRefine((written, context) => {
    const said = deeds.filter((deed) => written[deed] !== undefined);
    if (said.length !== 1)
      context.addIssue({
        code: 'custom',
        message:
          said.length === 0
            ? "expected what it does: uses (an action or check), wait (a duration) or manual (a person's work)"
            : `${said.join(' and ')} exclude each other; one step does one thing`,
      });
    const only = (key: 'with' | 'while' | 'checklist', deed: (typeof deeds)[number]) => {
      if (written[key] !== undefined && written[deed] === undefined)
        context.addIssue({ code: 'custom', path: [key], message: `"${key}" belongs to a step that says "${deed}"` });
    };
    only('with', 'uses');
    only('while', 'wait');
    only('checklist', 'manual');
  });

/** The steps of another procedure, of a block that several plans share, or of another plan. */
const include = z.union(
  [
    z
      .string()
      .regex(/^([a-z][a-z0-9-]*\/)?[a-z][a-z0-9-]*$/, 'expected a scope, or a flow and a scope: failover/database'),
    z.strictObject({ block: name, with: z.record(z.string(), z.unknown()).optional(), as: name.optional() }),
    z.strictObject({ plan: name, flow: name.optional(), scope: name, as: name.optional() }),
  ],
  {
    error:
      'expected a scope (database), a flow and a scope (failover/database), { block: name, with: {…} } or { plan: name, scope: name }',
  },
);

/** When a run that has begun is taken back without anybody saying so. */
const rollBackWhen = z
  .strictObject({
    'takes-longer-than': duration.optional(),
    'more-than': z.int().min(0).optional(),
    of: names.min(1).optional(),
    not: names.min(1).optional(),
    /** How long after the last change the checks are asked. */
    'watched-for': duration.optional(),
  })
  .refine((value) => (value['more-than'] === undefined) === (value.of === undefined), {
    message: '"more-than" and "of" belong together: more than so many of these checks fail',
  })
  .refine((value) => value['takes-longer-than'] !== undefined || value.of !== undefined || value.not !== undefined, {
    message: 'expected takes-longer-than, more-than with of, or not',
  });

const procedure = z
  .strictObject({
    title: z.string().max(120).optional(),
    rto: duration.optional(),
    rpo: duration.optional(),
    /** How bad it is that this must be done, unless somebody says otherwise; chooses the level and who is told. */
    severity: severity.optional(),
    /** It is done where the scope runs, and moves nothing to another place. */
    'in-place': z.literal(true).optional(),
    /** The phase of its steps that name none. */
    phase: name.optional(),
    /** When what was done is taken back, in reverse; absent: a person decides. */
    unwind: z
      .array(z.enum(['failed', 'aborted']))
      .min(1)
      .optional(),
    'roll-back-when': rollBackWhen.optional(),
    include: z.array(include).optional(),
    needs: z.record(name, names).optional(),
    /** What included steps must have besides: checks that are asked right before they act. */
    require: z.record(name, z.union([z.string(), z.array(z.string())])).optional(),
    steps: z.record(name, step).optional(),
  })
  .refine((value) => value.steps !== undefined || value.include !== undefined, 'expected steps or include');

/** A file under `blocks/` beside the plans: steps that several plans share, with parameters that stand as `{{ name }}`. */
export const blockSchema = z.strictObject({
  block: name,
  title: z.string().max(120).optional(),
  parameters: names.default([]),
  steps: z.record(name, step),
});

/** A row of the decision matrix: what must hold, for how long, and what to do then. */
const trigger = z
  .strictObject({
    title: z.string().min(1).max(200).optional(),
    /** Checks that must say no or nothing at all. */
    when: oneOrMore.optional(),
    /** Checks that must say yes meanwhile. */
    while: oneOrMore.optional(),
    /** A word by which a person says that it is so, where no check can. */
    situation: name.optional(),
    'fails-for': duration.optional(),
    severity: severity.optional(),
    propose: z
      .string()
      .regex(/^[a-z]+ [a-z][a-z0-9-]*$/, 'expected a flow and a scope, such as "failover database"')
      .optional(),
    /** Checks that must say yes before what is proposed is started. */
    'wait-for': oneOrMore.optional(),
    /** Why nothing is done. */
    nothing: z.string().min(1).max(300).optional(),
    /** Why a failover must not be started. */
    refuse: z.string().min(1).max(300).optional(),
  })
  .refine((value) => value.when !== undefined || value.situation !== undefined, {
    message: 'expected when (checks that fail) or situation (a word that a person says)',
  })
  .refine((value) => value.propose !== undefined || value.nothing !== undefined || value.refuse !== undefined, {
    message: 'expected what to do: propose, nothing or refuse',
  });

const target = { title: z.string().min(1).max(120), rto: duration, rpo: duration };

const checklistItem = z
  .strictObject({
    item: z.string().min(1).max(200),
    /** Checks that tick it, asked when the list is shown. */
    checks: names.min(1).optional(),
    /** Steps of the run that tick it when they have succeeded; what was not part of the run does not count. */
    steps: z.array(z.string()).min(1).optional(),
    /** What ticks it in the run's own record. */
    fact: z.enum(['team-told', 'channel-open', 'verified', 'resolved', 'failed-back', 'plan-good']).optional(),
    by: name.optional(),
  })
  .refine(
    (value) => [value.checks, value.steps, value.fact, value.by].filter((way) => way !== undefined).length === 1,
    {
      message: 'expected one of checks, steps, fact, or by (who ticks it by hand)',
    },
  );

export const planSchema = z.strictObject({
  plan: name,
  title: z.string().min(1).max(80),
  owner: z.string().min(1),
  account: z
    .string('expected an AWS account number of 12 digits, in quotes')
    .regex(/^\d{12}$/, 'expected an AWS account number of 12 digits, in quotes')
    .optional(),
  objectives: z.strictObject({ rto: duration, rpo: duration }),
  /** How long nothing is moved again after it was. */
  'cool-down': duration.default(1800),
  people: z.record(name, person),
  groups: z.record(name, group).default({}),
  regions: z.record(
    name,
    z.strictObject({
      aws: z
        .string()
        .regex(/^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/, 'expected an AWS Region such as eu-west-1')
        .optional(),
      kubernetes: z.string().optional(),
    }),
  ),
  prefer: names.min(1),
  /** How bad it can be: the targets that hold for a run of that severity. */
  levels: z.record(name, z.strictObject({ ...target, severity, response: z.string().max(200).optional() })).default({}),
  /** How much each component matters; a run is measured against the targets of those that it touched. */
  tiers: z.record(name, z.strictObject({ ...target, components: names })).default({}),
  /** The parts of a run whose time is watched, in their order. */
  phases: z.record(name, z.strictObject({ title: z.string().max(80).optional(), target: duration })).default({}),
  components: z.record(name, z.looseObject({ kind: z.string() })),
  scopes: z.record(name, names),
  checks: z
    .record(
      name,
      z.strictObject({
        uses: z.string(),
        with: z.record(z.string(), z.unknown()).optional(),
        every: duration.optional(),
      }),
    )
    .default({}),
  triage: names.default([]),
  /** The decision matrix: the first row that applies says what to do. */
  triggers: z.array(trigger).default([]),
  approvals: z.record(name, approval).default({}),
  announce: z
    .strictObject({
      channels: z
        .array(
          z.union([
            channel.transform((text) => ({ channel: text, for: undefined })),
            z.strictObject({ channel, for: forSeverities }),
          ]),
        )
        .default([]),
      pagerduty: z.strictObject({ service: z.string(), 'escalation-policy': z.string().optional() }).optional(),
      'status-page': z
        .strictObject({
          name: z.string(),
          impact: z.enum(['none', 'minor', 'major', 'critical']),
          components: z.record(z.string(), z.string()).default({}),
          for: forSeverities,
        })
        .optional(),
      mail: z
        .strictObject({
          from: z.email('expected an e-mail address'),
          leadership: z.email('expected an e-mail address').optional(),
          for: forSeverities,
        })
        .optional(),
    })
    .default({ channels: [] }),
  stakeholders: z
    .record(
      name,
      z.strictObject({
        title: z.string(),
        person: name,
        by: z.array(z.enum(['slack', 'email', 'phone', 'pagerduty'])).min(1),
        within: duration,
        for: forSeverities,
      }),
    )
    .default({}),
  /** How a failover is undone, which is made from its record. */
  failback: z
    .strictObject({
      /** Shares of a hundred that go home, one after the other; the last is 100. */
      weights: z
        .array(z.int().min(1).max(100))
        .min(1)
        .refine((shares) => shares.at(-1) === 100 && shares.every((share, i) => i === 0 || share > shares[i - 1]!), {
          message: 'expected shares that grow to 100, such as [10, 50, 100]',
        })
        .default([100]),
      soak: duration.optional(),
      /** Checks that must say yes while a share is watched. */
      healthy: names.default([]),
    })
    .optional(),
  /** Where people look while it burns; bookmarks of the incident's channel. */
  links: z
    .strictObject({
      dashboard: z.url({ protocol: /^https?$/, error: 'expected an address, https://…' }).optional(),
      'status-page': z.url({ protocol: /^https?$/, error: 'expected an address, https://…' }).optional(),
      runbook: z.url({ protocol: /^https?$/, error: 'expected an address, https://…' }).optional(),
    })
    .default({}),
  checklists: z
    .record(name, z.strictObject({ title: z.string().max(80), items: z.array(checklistItem).min(1) }))
    .default({}),
  procedures: z.record(name, z.record(name, procedure)),
});

export type PlanText = z.infer<typeof planSchema>;
export type ProcedureText = PlanText['procedures'][string][string];
export type StepText = NonNullable<ProcedureText['steps']>[string];
export type IncludeText = NonNullable<ProcedureText['include']>[number];
export type TriggerText = PlanText['triggers'][number];
export type BlockText = z.infer<typeof blockSchema>;
