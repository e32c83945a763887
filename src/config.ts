import { resolve } from 'node:path';
import { z } from 'zod';
import { MaydayError } from './errors.ts';
import { isGiven, withSecretFiles } from './secret-files.ts';
import { awsEc2Settings } from './systems/aws-ec2/config.ts';
import { awsEcsSettings } from './systems/aws-ecs/config.ts';
import { awsElasticacheSettings } from './systems/aws-elasticache/config.ts';
import { awsRdsSettings } from './systems/aws-rds/config.ts';
import { awsRoute53Settings } from './systems/aws-route53/config.ts';
import { awsS3Settings } from './systems/aws-s3/config.ts';
import { cloudflareSettings } from './systems/cloudflare/config.ts';
import { emailSettings } from './systems/email/config.ts';
import { kubernetesSettings } from './systems/kubernetes/config.ts';
import { pagerdutySettings } from './systems/pagerduty/config.ts';
import { slackSettings } from './systems/slack/config.ts';
import { statuspageSettings } from './systems/statuspage/config.ts';

const worldClock = z.string().transform((text, context) => {
  const [wallStart, worldStart, speed] = text.split('/');
  if (Number.isNaN(Date.parse(wallStart ?? '')) || Number.isNaN(Date.parse(worldStart ?? '')) || !(Number(speed) > 0)) {
    context.addIssue({ code: 'custom', message: 'is <wall start>/<world start>/<speed>, as a rehearsal sets it' });
    return z.NEVER;
  }
  return { wallStart: wallStart!, worldStart: worldStart!, speed: Number(speed) };
});

const port = (fallback: number) =>
  z.coerce.number({ error: 'is a port number' }).int().min(0).max(65_535).default(fallback);

/** A second place for checkpoints of the journal. */
export type CheckpointPlaceSetting =
  | { kind: 'folder'; path: string }
  | { kind: 's3'; bucket: string; prefix: string }
  | { kind: 'slack'; channel: string };

/** The name of a channel, with or without its sharp; `none` for no such channel. */
const channelName = z
  .string()
  .regex(/^#?[a-z0-9_-]{1,80}$/, 'is the name of a channel, such as #incidents, or none')
  .transform((text) => {
    const name = text.replace(/^#/, '');
    return name === 'none' ? undefined : name;
  });

const channelPattern = z
  .string()
  .regex(
    /^(?=.*\{stamp\})(?:[a-z0-9_-]|\{(?:date|plan|severity|stamp)\})+$/,
    'is a pattern of a-z, 0-9, - and _ with {stamp} in it, and {date}, {plan} or {severity} where you like',
  )
  .default('inc-{date}-{plan}-{stamp}');

const checkpointPlaces = z.string().transform((text, context): CheckpointPlaceSetting[] =>
  text.split(',').flatMap((each): CheckpointPlaceSetting[] => {
    const place = each.trim();
    const [, bucket, prefix = ''] = /^s3:\/\/([a-z0-9.-]{3,63})(?:\/(.*))?$/.exec(place) ?? [];
    if (bucket) return [{ kind: 's3', bucket, prefix: prefix.replace(/\/+$/, '') }];
    if (/^folder:./.test(place)) return [{ kind: 'folder', path: resolve(place.slice('folder:'.length)) }];
    if (/^slack:#?[\w-]+$/.test(place))
      return [{ kind: 'slack', channel: place.slice('slack:'.length).replace(/^#/, '') }];
    context.addIssue({
      code: 'custom',
      message: 'is a list of places, such as folder:/mnt/audit,s3://bucket/prefix,slack:#audit',
    });
    return [];
  }),
);

/** Mayday's own settings; each system states its own beside its client. */
const ownSettings = z.object({
  DATABASE_URL: z
    .url({
      protocol: /^postgres(ql)?$/,
      error: 'is the address of a PostgreSQL, postgres://user:password@host:5432/name',
    })
    .optional(),
  DATABASE_OWNER_URL: z
    .url({
      protocol: /^postgres(ql)?$/,
      error:
        'is the address of the same PostgreSQL for the owner of its tables, postgres://owner:password@host:5432/name',
    })
    .optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'is the address of a Redis, redis://host:6379' }).optional(),
  MAYDAY_PLANS: z
    .string()
    .default('plans')
    .transform((folder) => resolve(folder)),
  MAYDAY_TEMPLATES: z
    .string()
    .default('templates')
    .transform((folder) => resolve(folder)),
  MAYDAY_DATA: z
    .string()
    .default('.mayday')
    .transform((folder) => resolve(folder)),
  MAYDAY_HOSTS: z.string().optional(),
  MAYDAY_CA: z.string().optional(),
  MAYDAY_DNS_SERVERS: z.string().optional(),
  MAYDAY_WORLD_CLOCK: worldClock.optional(),
  MAYDAY_DIGEST_CHANNEL: channelName.default('incidents'),
  MAYDAY_INCIDENT_CHANNEL: channelPattern,
  MAYDAY_SIGNING_KEY: z.string().optional(),
  MAYDAY_STEP_UP_KEY: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}=$/, 'is 32 bytes in base64, as `openssl rand -base64 32` makes them')
    .optional(),
  MAYDAY_WEB_URL: z
    .url({ protocol: /^https?$/, error: 'is the address by which people reach the web server, https://…' })
    .optional(),
  MAYDAY_CHECKPOINTS: checkpointPlaces.optional(),
  MAYDAY_CHECKPOINT_ENTRIES: z.coerce.number({ error: 'is a number of entries' }).int().min(1).default(1000),
  MAYDAY_CHECKPOINT_DAYS: z.coerce.number({ error: 'is a number of days' }).int().min(1).default(365),
  MAYDAY_LOG: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'], { error: 'is debug, info, warn, error or silent' })
    .default('info'),
  HOST: z.string().default('127.0.0.1'),
  PORT: port(3000),
  WEB_PORT: port(3001),
});

const sections = {
  slack: slackSettings,
  pagerduty: pagerdutySettings,
  statuspage: statuspageSettings,
  email: emailSettings,
  kubernetes: kubernetesSettings,
  rds: awsRdsSettings,
  ecs: awsEcsSettings,
  ec2: awsEc2Settings,
  elasticache: awsElasticacheSettings,
  route53: awsRoute53Settings,
  s3: awsS3Settings,
  cloudflare: cloudflareSettings,
};

export type OwnSettings = z.infer<typeof ownSettings>;
export type Settings = OwnSettings & { [K in keyof typeof sections]: z.infer<(typeof sections)[K]> };
export type Environment = Record<string, string | undefined>;

/** What each setting is for, said when it is missing. */
const purposes: Record<string, string> = {
  SLACK_BOT_TOKEN: 'Mayday answers and posts in Slack with it',
  SLACK_SIGNING_SECRET: 'Mayday proves with it that a request comes from Slack',
  PAGERDUTY_API_TOKEN: 'Mayday pages on-call and asks who is on call with it',
  PAGERDUTY_FROM: 'PagerDuty wants to know in whose name incidents are made',
  STATUSPAGE_API_KEY: 'Mayday tells customers on the status page with it',
  STATUSPAGE_PAGE_ID: 'it says which status page is yours',
  SMTP_URL: 'Mayday mails stakeholders through it',
};

/** The settings without which nothing outside can be reached; when none of them is set, this is a rehearsal. */
export const tokenNames = [
  'SLACK_BOT_TOKEN',
  'SLACK_SIGNING_SECRET',
  'SLACK_APP_TOKEN',
  'PAGERDUTY_API_TOKEN',
  'STATUSPAGE_API_KEY',
] as const;

export const hasTokens = (environment: Environment): boolean => tokenNames.some((name) => isGiven(environment, name));

export const readOwnSettings = (environment: Environment): OwnSettings =>
  parse([ownSettings], environment)[0] as OwnSettings;

/** What the audit trail's second places need, where nothing else is connected to. */
export const readCheckpointSettings = (environment: Environment): OwnSettings & Pick<Settings, 's3'> => {
  const [own, s3] = parse([ownSettings, awsS3Settings], environment);
  return { ...(own as OwnSettings), s3: s3 as Settings['s3'] };
};

/** Reads and checks every setting. Throws `config/missing` or `config/invalid` naming each one and what it is for; never a value. */
export const readSettings = (environment: Environment): Settings => {
  const [own, ...rest] = parse([ownSettings, ...Object.values(sections)], environment);
  return {
    ...(own as OwnSettings),
    ...Object.fromEntries(Object.keys(sections).map((name, i) => [name, rest[i]])),
  } as Settings;
};

/** Values that every schema accepts and that reach nothing: for reading plans where there are no tokens. */
const placeholders: Environment = {
  SLACK_BOT_TOKEN: 'xoxb-none',
  SLACK_SIGNING_SECRET: 'none-none-none-none',
  PAGERDUTY_API_TOKEN: 'none',
  PAGERDUTY_FROM: 'nobody@mayday.invalid',
  STATUSPAGE_API_KEY: 'none',
  STATUSPAGE_PAGE_ID: 'none',
  SMTP_URL: 'smtp://mayday.invalid',
};

/** Settings under which systems can be made but connect to nothing; only the folders are taken from the environment. */
export const offlineSettings = (environment: Environment, connected?: 'connected'): Settings =>
  readSettings({
    ...Object.fromEntries(Object.entries(placeholders).filter(([name]) => !connected || !environment[`${name}_FILE`])),
    // A look at the world needs the addresses and keys that there are, and no others.
    ...(connected && environment),
    MAYDAY_PLANS: environment['MAYDAY_PLANS'],
    MAYDAY_TEMPLATES: environment['MAYDAY_TEMPLATES'],
    MAYDAY_DATA: environment['MAYDAY_DATA'],
  });

const parse = (schemas: z.ZodType[], environment: Environment): unknown[] => {
  const { environment: read, problems: unreadable } = withSecretFiles(environment);
  const given = Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined && value !== ''));
  const asked = (name: string) => schemas.some((schema) => schema instanceof z.ZodObject && name in schema.shape);
  const problems = new Map([...unreadable].filter(([name]) => asked(name)));
  const parsed = schemas.map((schema) => {
    const result = schema.safeParse(given);
    for (const issue of result.error?.issues ?? []) {
      const name = String(issue.path[0]);
      if (unreadable.has(name)) continue;
      const purpose = purposes[name];
      problems.set(
        name,
        name in given
          ? `${name} cannot be used: it ${issue.message}.`
          : `${name} is missing${purpose ? `: ${purpose}` : `: it ${issue.message}`}.`,
      );
    }
    return result.data;
  });
  if (problems.size > 0) {
    const missing = [...problems.keys()].some((name) => !(name in given) && !unreadable.has(name));
    throw new MaydayError(
      missing ? 'config/missing' : 'config/invalid',
      [
        ...problems.values(),
        'Nothing was started. README.md says where each setting comes from; without any token Mayday starts against its sandbox.',
      ].join('\n'),
    );
  }
  return parsed;
};
