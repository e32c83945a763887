import { describe, expect, test } from 'vitest';
import { signOrder } from '../../src/cli/sign.ts';
import { proveOrder, type SignedOrder } from '../../src/ssh/signed-order.ts';
import { isPublicKey, isSignedBy } from '../../src/ssh/ssh-signature.ts';
import { hasSshKeygen, makeKey } from '../support/pinned-keys.ts';

const now = new Date('2026-03-01T12:00:00Z');
const order: SignedOrder = {
  order: { deed: 'approve', typed: null },
  about: { run: 'r-23456789', hash: 'abc' },
  person: 'U0PIP0001',
  at: now.toISOString(),
};

describe.runIf(hasSshKeygen())('an order signed by ssh-keygen', () => {
  test.each(['ed25519', 'ecdsa', 'rsa'] as const)('with a key of type %s is proven by that key alone', async (type) => {
    const key = makeKey(type);
    const signature = await signOrder(order, key.file);
    const who = { name: 'Pip', ssh: key.publicKey };
    expect(() => proveOrder(order, signature, who, now)).not.toThrow();
    expect(() => proveOrder(order, signature, { name: 'Pip', ssh: makeKey(type).publicKey }, now)).toThrow(
      /not a signature of Pip/,
    );
    const other = { ...order, about: { run: 'r-99999999', hash: 'abc' } };
    expect(() => proveOrder(other, signature, who, now)).toThrow(/not a signature/);
    expect(isSignedBy(signature, 'x', 'another-namespace', key.publicKey)).toBe(false);
  });

  test('counts for a quarter of an hour', async () => {
    const key = makeKey();
    const signature = await signOrder(order, key.file);
    const who = { name: 'Pip', ssh: key.publicKey };
    const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000);
    expect(() => proveOrder(order, signature, who, later(14))).not.toThrow();
    expect(() => proveOrder(order, signature, who, later(16))).toThrow(/Sign it again/);
    expect(() => proveOrder(order, signature, who, later(-16))).toThrow(/Sign it again/);
  });

  test('with a byte changed anywhere is none', async () => {
    const key = makeKey();
    const signature = await signOrder(order, key.file);
    const lines = signature.trim().split('\n');
    const bytes = Buffer.from(lines.slice(1, -1).join(''), 'base64');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      const forged = [lines[0], changed.toString('base64'), lines.at(-1)].join('\n');
      expect(() => proveOrder(order, forged, { name: 'Pip', ssh: key.publicKey }, now), `byte ${at}`).toThrow();
    }
  });

  test('by a key that is not there is refused in words', async () => {
    await expect(signOrder(order, '/nowhere/key')).rejects.toThrow(/ssh-keygen could not sign with .*Nothing was done/);
  });
});

test('what is no signature and what is no key prove nothing', () => {
  for (const text of ['', 'hello', '-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----'])
    expect(isSignedBy(text, 'x', 'mayday', 'ssh-ed25519 AAAA')).toBe(false);
  expect(isPublicKey('ssh-ed25519 AAAA')).toBe(false);
  expect(() => proveOrder(order, 'x', { name: 'Pip' }, now)).toThrow(/pins no SSH key of Pip/);
});
