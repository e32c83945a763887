import type { MaydayError } from '../../errors.ts';
import { type HttpAnswer, httpRefusal } from '../http-client.ts';

/** A receiver may say back what it was sent, so its words are told without the secrets. */
export const webhookFailure = (answer: HttpAnswer, call: string, secrets: string[]): MaydayError =>
  httpRefusal(answer, call, {
    changing: true,
    secretsAway: (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), text),
  });
