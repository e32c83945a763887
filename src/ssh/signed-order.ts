import { canonical } from '../canonical.ts';
import type { Json } from '../define.ts';
import { MaydayError } from '../errors.ts';
import { isSignedBy } from './ssh-signature.ts';

/** An order as a person signs it: what is to be done, to what they saw, who they are, and when. */
export interface SignedOrder {
  order: Json;
  /** The run and the hash of its graph, or what is to be started. */
  about: Json;
  /** Slack user id of the person. */
  person: string;
  /** Wall time, ISO 8601. */
  at: string;
}

/** Says what a signature is for, so that one made for anything else is none here. */
export const signatureNamespace = 'mayday';

/** How old a signed order may be, in milliseconds: long enough to pass it on, short enough to mean now. */
const mostAgeMs = 15 * 60_000;

export const orderText = (order: SignedOrder): string => canonical({ mayday: 1, ...order });

/** Throws `authority/refused` when the signature does not prove that this person gives this order now. */
export const proveOrder = (
  order: SignedOrder,
  signature: string,
  who: { name: string; ssh?: string },
  now: Date,
): void => {
  const refuse = (why: string) => new MaydayError('authority/refused', `${why} Nothing was done.`);
  if (!who.ssh)
    throw refuse(
      `The plan pins no SSH key of ${who.name}, so nothing proves that they give this order. Add "ssh:" there.`,
    );
  if (!isSignedBy(signature, orderText(order), signatureNamespace, who.ssh))
    throw refuse(`This is not a signature of ${who.name} over this order, by the SSH key that the plan pins.`);
  if (Math.abs(now.getTime() - Date.parse(order.at)) > mostAgeMs)
    throw refuse(`The order was signed at ${order.at}, more than 15 minutes from now. Sign it again.`);
};
