import { z } from 'zod';
import type { RoleCredentials } from './aws-roles.ts';

const role = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
    'is the ARN of a role, arn:aws:iam::123456789012:role/mayday',
  )
  .optional();

/** What every AWS client reads, by the names of the AWS SDK itself. Without keys its usual chain finds some. */
export const awsSettings = {
  AWS_ENDPOINT_URL: z.url().optional(),
  AWS_ENDPOINT_URL_STS: z.url().optional(),
  AWS_ENDPOINT_URL_IAM: z.url().optional(),
  AWS_REGION: z.string().min(1).optional(),
  AWS_ACCESS_KEY_ID: z.string().min(1).optional(),
  AWS_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  AWS_SESSION_TOKEN: z.string().min(1).optional(),
  /** Taken on for looking, and for changing; without them the credentials above do both. */
  MAYDAY_AWS_READ_ROLE: role,
  MAYDAY_AWS_WRITE_ROLE: role,
};

export interface AwsSettings {
  AWS_ENDPOINT_URL?: string;
  AWS_ENDPOINT_URL_STS?: string;
  AWS_ENDPOINT_URL_IAM?: string;
  AWS_REGION?: string;
  AWS_ACCESS_KEY_ID?: string;
  AWS_SECRET_ACCESS_KEY?: string;
  AWS_SESSION_TOKEN?: string;
  MAYDAY_AWS_READ_ROLE?: string;
  MAYDAY_AWS_WRITE_ROLE?: string;
}

const connectMilliseconds = 3000;
const answerMilliseconds = 5000;

/** What Node says when the other side has closed the connection on which a call was being sent. */
const closed: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE']);

const tried = (count: number) => ({ getRetryCount: () => count, getRetryDelay: () => 0 });

/**
 * For clients that only look, in place of more attempts: a kept connection may be closed in the moment it is used again, and
 * what is looked at once, such as where something runs, must not be unknown for that. Whoever is silent is not asked again.
 */
export const onceMoreWhenClosed = {
  acquireInitialRetryToken: async () => tried(0),
  async refreshRetryTokenForRetry(token: { getRetryCount(): number }, { error }: { error?: { code?: unknown } }) {
    if (token.getRetryCount() > 0 || !closed.has(error?.code)) throw error;
    return tried(1);
  },
  recordSuccess() {},
};

/**
 * Options of a client for one Region. `maxAttempts` is 1, as a change whose answer is lost must not be sent again on a
 * guess. Every call ends within seconds, also when nobody answers.
 */
export const awsOptions = (
  settings: AwsSettings,
  region: string,
  endpoint = settings.AWS_ENDPOINT_URL,
  credentials: RoleCredentials | undefined = undefined,
) => ({
  region,
  maxAttempts: 1,
  ...(endpoint && { endpoint }),
  ...(credentials ? { credentials } : ownKeys(settings)),
  requestHandler: {
    connectionTimeout: connectMilliseconds,
    requestTimeout: answerMilliseconds,
    throwOnRequestTimeout: true,
  },
});

const ownKeys = (settings: AwsSettings) =>
  settings.AWS_ACCESS_KEY_ID && settings.AWS_SECRET_ACCESS_KEY
    ? {
        credentials: {
          accessKeyId: settings.AWS_ACCESS_KEY_ID,
          secretAccessKey: settings.AWS_SECRET_ACCESS_KEY,
          ...(settings.AWS_SESSION_TOKEN && { sessionToken: settings.AWS_SESSION_TOKEN }),
        },
      }
    : {};
