import { createHmac, timingSafeEqual } from 'node:crypto';

/** Time-based one-time passwords as RFC 6238 says, with what every authenticator app expects: SHA-1, 30 s, six digits. */
const periodSeconds = 30;
const digits = 6;
/** How many periods a phone's clock may be off, either way (RFC 6238, 5.2). */
const tolerated = 1;

/** RFC 4226, 5.3: the code of one counter. */
export const codeAt = (secret: Buffer, counter: number): string => {
  const moving = Buffer.alloc(8);
  moving.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac('sha1', secret).update(moving).digest();
  const offset = mac[mac.length - 1]! & 0x0f;
  const number = (mac.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits;
  return String(number).padStart(digits, '0');
};

export const counterAt = (now: Date): number => Math.floor(now.getTime() / 1000 / periodSeconds);

/**
 * The counter that a code belongs to, near now and after the last one that was used: a code counts once (RFC 6238, 5.2). Undefined when it
 * is no such code.
 */
export const counterOf = (secret: Buffer, code: string, now: Date, lastUsed: number): number | undefined => {
  const typed = code.replaceAll(/\s/g, '');
  if (!/^\d{6}$/.test(typed)) return undefined;
  const here = counterAt(now);
  let found: number | undefined;
  for (let counter = here - tolerated; counter <= here + tolerated; counter += 1)
    if (counter > lastUsed && timingSafeEqual(Buffer.from(codeAt(secret, counter)), Buffer.from(typed)))
      found ??= counter;
  return found;
};

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 base 32 without padding, as apps take keys that are typed. */
export const base32 = (bytes: Buffer): string => {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => alphabet[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
};
