import type * as sts from '@aws-sdk/client-sts';
import { messageOf } from '../errors.ts';
import { type AwsSettings, awsOptions } from './aws-options.ts';
import { lazily } from './lazily.ts';

const stsSdk = lazily<typeof sts>('@aws-sdk/client-sts');

export interface TakenCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

/** What the SDK asks before each call, and again some minutes before they expire. */
export type RoleCredentials = () => Promise<TakenCredentials>;

export interface Roles {
  /** Credentials of a role, in a session by which CloudTrail tells who it was. `region` is where they are to be used. */
  take(role: string, session: string, region: string): Promise<TakenCredentials>;
}

/** As long as roles live unless somebody has set more; one that is taken on by another role cannot have more. */
const sessionSeconds = 3600;
/** The SDK asks for others when less than five minutes are left. */
const freshMilliseconds = 6 * 60_000;
/** A Region that has not answered by then is perhaps the one that is lost. */
const patienceMilliseconds = 1500;
const mostSessions = 200;
const mostRegions = 4;
/** Shorter than for other calls: a look has only so long, and this comes before it. */
const requestHandler = { connectionTimeout: 1500, requestTimeout: 2500, throwOnRequestTimeout: true };

/**
 * Takes roles on by STS. Credentials are good in every Region, so those that one gave serve all. It is asked in the
 * Region where they are needed, which recovery believes alive, and soon in another one as well: the STS of a Region that
 * is dark must not keep the others from being looked at.
 */
export const createRoles = (settings: AwsSettings, wallNow: () => number = Date.now): Roles => {
  const known = new Map<string, TakenCredentials>();
  const asking = new Map<string, Promise<TakenCredentials>>();
  /** Regions whose STS has answered, the last one first. */
  let answered: string[] = [];

  const ask = async (role: string, session: string, region: string): Promise<TakenCredentials> => {
    const endpoint = settings.AWS_ENDPOINT_URL_STS ?? settings.AWS_ENDPOINT_URL;
    const client = new (stsSdk().STSClient)({ ...awsOptions(settings, region, endpoint), requestHandler });
    try {
      const { Credentials } = await client.send(
        new (stsSdk().AssumeRoleCommand)({
          RoleArn: role,
          RoleSessionName: session,
          DurationSeconds: sessionSeconds,
        }),
      );
      if (!Credentials?.AccessKeyId || !Credentials.SecretAccessKey || !Credentials.SessionToken)
        throw new Error(`STS gave no credentials of ${role}`);
      answered = [region, ...answered.filter((each) => each !== region)];
      return {
        accessKeyId: Credentials.AccessKeyId,
        secretAccessKey: Credentials.SecretAccessKey,
        sessionToken: Credentials.SessionToken,
        expiration: Credentials.Expiration ?? new Date(wallNow() + sessionSeconds * 1000),
      };
    } finally {
      client.destroy();
    }
  };

  /** One Region after the other, each begun when the one before it fails or takes long; the first answer counts. */
  const askAround = async (role: string, session: string, region: string): Promise<TakenCredentials> => {
    const regions = [
      ...new Set([region, ...answered.slice(0, mostRegions), ...(settings.AWS_REGION ? [settings.AWS_REGION] : [])]),
    ];
    const asked: Promise<TakenCredentials>[] = [];
    for (const each of regions) {
      const question = ask(role, session, each);
      question.catch(() => {});
      asked.push(question);
      if (each === regions.at(-1)) break;
      const soon = await Promise.race([
        question.then(
          () => 'answered',
          () => 'failed',
        ),
        late(patienceMilliseconds),
      ]);
      if (soon === 'answered') return question;
    }
    return Promise.any(asked).catch((error: AggregateError) => {
      throw error.errors[0];
    });
  };

  return {
    async take(role, session, region) {
      const key = `${role} ${session}`;
      const found = known.get(key);
      if (found && found.expiration.getTime() - wallNow() > freshMilliseconds) return found;
      // Those who ask for one Region wait for one answer; who asks for another is not held up by them.
      const question = `${key} ${region}`;
      const pending = asking.get(question) ?? askAround(role, session, region);
      asking.set(question, pending);
      try {
        const taken = await pending;
        known.delete(key);
        known.set(key, taken);
        if (known.size > mostSessions) known.delete(known.keys().next().value!);
        return taken;
      } catch (error) {
        throw refusedRole(role, error);
      } finally {
        asking.delete(question);
      }
    },
  };
};

const shared = new Map<string, Roles>();

/**
 * The same for all systems with the same credentials of their own: what RDS has learned of Regions and roles serves
 * Route 53, whose own API is signed for the one Region that may be dark.
 */
export const sharedRoles = (settings: AwsSettings): Roles => {
  const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_STS, AWS_REGION, AWS_ACCESS_KEY_ID } = settings;
  const key = JSON.stringify([AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_STS, AWS_REGION, AWS_ACCESS_KEY_ID]);
  const roles = shared.get(key) ?? createRoles(settings);
  shared.set(key, roles);
  return roles;
};

/** A name of a session as AWS takes it. */
export const sessionName = (text: string): string => text.replaceAll(/[^\w+=,.@-]/g, '-').slice(0, 64);

/** Keeps what AWS called it, by which it is judged whether asking again may help. Nothing was sent to the service itself. */
const refusedRole = (role: string, error: unknown): Error => {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  const refused = ($metadata?.httpStatusCode ?? 0) >= 400 && ($metadata?.httpStatusCode ?? 0) < 500;
  const said = new Error(`the role ${role} could not be taken on, so nothing was sent: ${messageOf(error)}`, {
    cause: error,
  });
  return Object.assign(said, { name: refused ? 'CredentialsProviderError' : 'CredentialsUnavailable' });
};

const late = (ms: number) => new Promise<'late'>((resolve) => void setTimeout(() => resolve('late'), ms).unref());
