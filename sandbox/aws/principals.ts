import { randomBytes } from 'node:crypto';
import { AwsError } from './aws-error.ts';

/** Somebody who signs calls: the sandbox's user, or a session of a role that it took on. */
export interface Principal {
  /** As CloudTrail writes it: `arn:aws:sts::…:assumed-role/mayday-write/mayday-r-7k3f9qwe`. */
  arn: string;
  id: string;
  mayCall(name: string): boolean;
}

export interface Session {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
  arn: string;
  id: string;
}

/** Who there is in the account, and who they are by their keys. */
export interface Principals {
  account: string;
  accessKeyId: string;
  secretAccessKey: string;
  roles: { read: string; write: string };
  /** Whose key and token these are. Throws what AWS says of others. */
  identify(service: string, accessKeyId: string, sessionToken: string | undefined): Principal;
  /** Takes a role on for somebody whom its trust policy names. */
  assume(by: Principal, role: string, session: string, seconds: number): Session;
  /** What a user or role may do. Throws what IAM says of one that there is not. */
  rightsOf(arn: string): (name: string) => boolean;
  /** Takes one right away from a user or role, as an edit of its policy does. */
  deny(arn: string, name: string): void;
}

/** What only reads, as the policies of `mayday plan permissions` tell it apart. */
const isRead = (name: string): boolean => /:(Describe|Get|List|Head|Test)/.test(name);

const mostSeconds = 3600;

/** One user, who may do everything and take two roles on: one that may only read, and one that may only change. */
export const createPrincipals = (account: string): Principals => {
  const accessKeyId = `AKIASANDBOX${randomBytes(5).toString('hex').toUpperCase().slice(0, 9)}`;
  const denied = new Set<string>();
  const userArn = `arn:aws:iam::${account}:user/sandbox`;
  const user: Principal = { arn: userArn, id: 'AIDASANDBOX', mayCall: (name) => !denied.has(`${userArn} ${name}`) };
  const roles = {
    read: `arn:aws:iam::${account}:role/mayday-read`,
    write: `arn:aws:iam::${account}:role/mayday-write`,
  };
  const mayCall: Record<string, Principal['mayCall']> = {
    [roles.read]: (name) => isRead(name) && !denied.has(`${roles.read} ${name}`),
    [roles.write]: (name) => !isRead(name) && !name.startsWith('sts:') && !denied.has(`${roles.write} ${name}`),
  };
  const sessions = new Map<string, Session & { mayCall: Principal['mayCall'] }>();
  const unknown = (service: string) =>
    new AwsError(
      service === 's3' ? 'InvalidAccessKeyId' : 'InvalidClientTokenId',
      'The security token included in the request is invalid.',
      403,
      'Signature Version 4',
    );
  return {
    account,
    accessKeyId,
    secretAccessKey: randomBytes(20).toString('hex'),
    roles,
    identify(service, key, sessionToken) {
      if (key === accessKeyId && sessionToken === undefined) return user;
      const session = sessions.get(key);
      // Temporary keys are nothing without the token that came with them.
      if (!session || session.sessionToken !== sessionToken) throw unknown(service);
      if (session.expiration.getTime() <= Date.now())
        throw new AwsError('ExpiredToken', 'The security token included in the request is expired', 403, 'AWS STS');
      return { ...session, mayCall: (name) => name === 'sts:GetCallerIdentity' || session.mayCall(name) };
    },
    rightsOf(arn) {
      const may = arn === userArn ? user.mayCall : mayCall[arn];
      if (may) return may;
      throw new AwsError(
        'NoSuchEntity',
        `The entity with ARN ${arn} cannot be found.`,
        404,
        'AWS IAM API, NoSuchEntity',
      );
    },
    deny: (arn, name) => void denied.add(`${arn} ${name}`),
    assume(by, role, name, seconds) {
      const allowed = mayCall[role];
      if (by !== user || !allowed)
        throw new AwsError(
          'AccessDenied',
          `User: ${by.arn} is not authorized to perform: sts:AssumeRole on resource: ${role}`,
          403,
          'AWS STS API, AssumeRole: trust policy of the role',
        );
      if (seconds > mostSeconds)
        throw new AwsError(
          'ValidationError',
          'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
          400,
          'AWS STS API, AssumeRole',
        );
      const id = `AROASANDBOX${role.endsWith('read') ? 'READ' : 'WRITE'}:${name}`;
      const session: Session = {
        accessKeyId: `ASIASANDBOX${randomBytes(5).toString('hex').toUpperCase().slice(0, 9)}`,
        secretAccessKey: randomBytes(20).toString('hex'),
        sessionToken: randomBytes(60).toString('base64'),
        expiration: new Date(Date.now() + seconds * 1000),
        arn: `arn:aws:sts::${account}:assumed-role/${role.split('/').at(-1)}/${name}`,
        id,
      };
      sessions.set(session.accessKeyId, { ...session, mayCall: allowed });
      return session;
    },
  };
};

/** How each protocol says that somebody has no right. */
const deniedCode: Record<string, string> = { ec2: 'UnauthorizedOperation', ecs: 'AccessDeniedException' };

export const accessDenied = (service: string, { arn }: Principal, name: string): AwsError =>
  new AwsError(
    deniedCode[service] ?? 'AccessDenied',
    `User: ${arn} is not authorized to perform: ${name} because no identity-based policy allows the ${name} action`,
    403,
    'IAM: an action that no policy allows is denied',
  );
