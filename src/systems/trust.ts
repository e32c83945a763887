import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import type { Dialler } from '../define.ts';

const known = new WeakMap<Dialler, SecureContext>();

/**
 * Whom TLS trusts: the usual authorities and the one that the settings add. Parsed once, because each parse costs
 * milliseconds and megabytes, and a look opens a connection of its own.
 */
export const trust = (dialler: Dialler): SecureContext => {
  const found = known.get(dialler);
  if (found) return found;
  const ca = [...rootCertificates, ...(dialler.authority ? [dialler.authority] : [])];
  const made = createSecureContext({ ca });
  known.set(dialler, made);
  return made;
};
