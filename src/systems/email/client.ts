import type { SystemTools } from '../../define.ts';
import { MaydayError } from '../../errors.ts';
import { sendable } from '../../redact.ts';
import type { EmailSettings } from './config.ts';
import { emailError } from './errors.ts';
import { nodemailerSdk } from './sdk.ts';

const stageMilliseconds = 10_000;

export interface Mail {
  from: string;
  to: string[];
  subject: string;
  text: string;
  messageId: string;
}

/** One connection for each mail: there are few, and a broken one must not hold up the next. */
export const createEmailClient = (settings: EmailSettings, { dialler }: SystemTools) => {
  return {
    async send(mail: Mail, signal?: AbortSignal): Promise<void> {
      // Read for each mail: the password in it may have been replaced since the last one.
      const url = new URL(settings.SMTP_URL);
      const secure = url.protocol === 'smtps:';
      const name = url.hostname;
      if (signal?.aborted) throw new MaydayError('system/unavailable', 'There was no time left to send the mail.');
      const reached = dialler.reach(name, Number(url.port) || (secure ? 465 : 587));
      const transport = nodemailerSdk().createTransport({
        host: reached.host,
        port: reached.port,
        secure,
        ...(url.username
          ? { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }
          : {}),
        tls: { servername: name, ...(dialler.authority ? { ca: dialler.authority } : {}) },
        connectionTimeout: stageMilliseconds,
        greetingTimeout: stageMilliseconds,
        socketTimeout: stageMilliseconds,
      });
      const aborted = Promise.withResolvers<never>();
      const onAbort = () =>
        aborted.reject(
          new MaydayError('system/unknown', 'The mail server did not answer in time.', { retryable: true }),
        );
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        // Addresses as objects: a display name can then never be read as another recipient.
        const to = mail.to.map((address) => ({ name: '', address }));
        await Promise.race([
          transport.sendMail({
            ...mail,
            subject: sendable(mail.subject),
            text: sendable(mail.text),
            from: { name: 'Mayday', address: mail.from },
            to,
          }),
          aborted.promise,
        ]);
      } catch (error) {
        throw emailError(error);
      } finally {
        signal?.removeEventListener('abort', onAbort);
        transport.close();
      }
    },
  };
};

export type EmailClient = ReturnType<typeof createEmailClient>;
