import { MaydayError } from '../../errors.ts';

/** Stages of an SMTP conversation in which the mail itself had not been handed over yet. */
const beforeData = new Set([
  'CONN',
  'EHLO',
  'HELO',
  'STARTTLS',
  'AUTH',
  'AUTH LOGIN',
  'AUTH PLAIN',
  'MAIL FROM',
  'RCPT TO',
]);
const neverSent = new Set(['ECONNECTION', 'ECONNREFUSED', 'EDNS', 'ESOCKET', 'ETLS']);

/** What an error of nodemailer means for the mail. */
export const emailError = (error: any): MaydayError => {
  if (error instanceof MaydayError) return error;
  const code: number | undefined = error?.responseCode;
  if (code !== undefined && code >= 500) {
    return new MaydayError('system/refused', `The mail server refused the mail: ${error.response ?? error.message}.`, {
      cause: error,
    });
  }
  if (code !== undefined && code >= 400) {
    return new MaydayError(
      'system/unavailable',
      `The mail server asks to come back later: ${error.response ?? error.message}.`,
      { cause: error },
    );
  }
  const wasEarly = beforeData.has(error?.command) || (neverSent.has(error?.code) && error?.command !== 'DATA');
  if (wasEarly)
    return new MaydayError('system/unavailable', 'The mail server could not be reached; nothing was sent.', {
      cause: error,
    });
  // The fixed Message-ID lets mail readers drop the second copy, so sending again is right.
  return new MaydayError('system/unknown', 'The mail server did not say whether it took the mail.', {
    retryable: true,
    cause: error,
  });
};
