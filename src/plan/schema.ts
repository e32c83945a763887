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
    'slack-group': z.string().optional(),
    people: names.optional(),
    offline: names.optional(),
  })
  .refine(
    (value) =>
      [value['pagerduty-schedule'], value['slack-group'], value.people].filter((source) => source !== undefined)
        .length === 1,
    'expected exactly one of pagerduty-schedule, slack-group or people',
  );

const rule = z.strictObject({
  'all-of': names.min(1, 'expected at least one who must say yes'),
  requester: z.literal('counts').optional(),
  type: z
    .string()
    .regex(/^[A-Z ]{2,40}$/, 'expected a word in capitals that the approver types')
    .optional(),
  tell: z.record(name, duration).optional(),
});

/** Hours or `otherwise` or `always` → a rule; `expires` → a duration. Keys are told apart here, so the error can say which. */
const approval = z.record(z.string(), z.unknown()).transform((value, context) => {
  const rules: { when: string; rule: z.infer<typeof rule> }[] = [];
  let expiresSeconds: number | undefined;
  for (const [key, written] of Object.entries(value)) {
    const schema = key === 'expires' ? duration : rule;
    if (key !== 'expires' && key !== 'otherwise' && key !== 'always' && !parseHours(key)) {
      context.addIssue({
        code: 'custom',
        path: [key],
        message: `"${key}" is no time; expected "weekdays 09:00-18:00 America/New_York", "otherwise", "always" or "expires"`,
      });
      continue;
    }
    const parsed = schema.safeParse(written);
    if (!parsed.success)
      for (const issue of parsed.error.issues) context.addIssue({ ...issue, path: [key, ...issue.path] } as never);
    else if (key === 'expires') expiresSeconds = parsed.data as number;
    else rules.push({ when: key, rule: parsed.data as z.infer<typeof rule> });
  }
  if (!rules.some(({ when }) => when === 'otherwise' || when === 'always'))
    context.addIssue({ code: 'custom', message: 'expected a rule for every hour: add "otherwise" or "always"' });
  if (expiresSeconds === undefined)
    context.addIssue({ code: 'custom', message: 'expected "expires": how long the question stands' });
  return { rules, expiresSeconds: expiresSeconds ?? 0 };
});

const oneOrMore = z.union([name, names]).transform((value) => [value].flat());

const step = z.strictObject({
  title: z.string().max(120).optional(),
  uses: z.string(),
  with: z.record(z.string(), z.unknown()).optional(),
  needs: names.optional(),
  after: names.optional(),
  /** Over the run's arguments only: the step is part of the graph when each named one has one of the values. */
  when: z
    .strictObject({ scope: oneOrMore.optional(), from: oneOrMore.optional(), to: oneOrMore.optional() })
    .optional(),
  require: z.union([z.string(), z.array(z.string())]).optional(),
  unless: z.string().optional(),
  within: duration.optional(),
  timeout: duration.optional(),
});

const procedure = z
  .strictObject({
    rto: duration.optional(),
    /** When what was done is taken back, in reverse; absent: a person decides. */
    unwind: z
      .array(z.enum(['failed', 'aborted']))
      .min(1)
      .optional(),
    include: names.optional(),
    needs: z.record(name, names).optional(),
    steps: z.record(name, step).optional(),
  })
  .refine((value) => value.steps !== undefined || value.include !== undefined, 'expected steps or include');

export const planSchema = z.strictObject({
  plan: name,
  title: z.string().min(1).max(80),
  owner: z.string().min(1),
  account: z
    .string()
    .regex(/^\d{12}$/, 'expected an AWS account number of 12 digits, in quotes')
    .optional(),
  objectives: z.strictObject({ rto: duration, rpo: duration }),
  /** How long nothing is moved again after it was. */
  'cool-down': duration.default(1800),
  people: z.record(name, person),
  groups: z.record(name, group).default({}),
  regions: z.record(name, z.strictObject({ aws: z.string().optional(), kubernetes: z.string().optional() })),
  prefer: names.min(1),
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
  approvals: z.record(name, approval).default({}),
  announce: z
    .strictObject({
      channels: z.array(z.string().regex(/^#[a-z0-9_-]{1,79}$/, 'expected a channel such as "#incidents"')).default([]),
      pagerduty: z.strictObject({ service: z.string(), 'escalation-policy': z.string().optional() }).optional(),
      'status-page': z
        .strictObject({
          name: z.string(),
          impact: z.enum(['none', 'minor', 'major', 'critical']),
          components: z.record(z.string(), z.string()).default({}),
        })
        .optional(),
      mail: z
        .strictObject({
          from: z.email('expected an e-mail address'),
          leadership: z.email('expected an e-mail address').optional(),
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
      }),
    )
    .default({}),
  procedures: z.record(name, z.record(name, procedure)),
});

export type PlanText = z.infer<typeof planSchema>;
export type ProcedureText = PlanText['procedures'][string][string];
