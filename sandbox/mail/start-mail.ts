import { SMTPServer } from 'smtp-server';
import { listen } from '../listen.ts';
import type { SandboxContext, SandboxPart } from '../part.ts';
import { parseMail } from './parse-mail.ts';

export interface KeptMail {
  at: string;
  /** From the envelope, as SMTP delivers. */
  recipients: string[];
  from: string;
  to: string;
  subject: string;
  text: string;
  messageId: string;
}

/** A mail server on loopback that keeps what it accepted. */
export const startMail = async (context: SandboxContext): Promise<SandboxPart & { mails: KeptMail[] }> => {
  const mails: KeptMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    logger: false,
    // A connection that a fault left hanging must not hold up the closing.
    closeTimeout: 200,
    onMailFrom(_address, _session, callback) {
      const fault = context.faults.service('smtp');
      if (fault?.how === 'hang') return;
      if (fault) return callback(Object.assign(new Error('4.3.2 try again later'), { responseCode: 421 }));
      callback();
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', async () => {
        const fault = context.faults.take('smtp:Mail');
        if (fault === 'error') return callback(Object.assign(new Error('4.3.0 not now'), { responseCode: 451 }));
        const text = Buffer.concat(chunks).toString('utf8');
        if (!(await context.holds.pass('smtp:Mail', 'before', text))) return;
        const parsed = parseMail(text);
        const recipients = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({ at: context.clock.now().toISOString(), recipients, ...parsed });
        const { subject, messageId } = parsed;
        context.ledger.accept('smtp:Mail', `smtp:${recipients.join(',')}`, { subject, messageId }).visible();
        if (fault === 'timeout' || !(await context.holds.pass('smtp:Mail', 'after', text))) return;
        callback();
      });
    },
  });
  // A client that goes away in the middle is its own affair.
  server.on('error', (error) => context.log('mail connection', { error: error.message }));
  const port = await listen(server.server);
  return {
    name: 'mail',
    mails,
    environment: { SMTP_URL: `smtp://127.0.0.1:${port}` },
    control: { 'GET /mail': () => ({ mails }) },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
};
