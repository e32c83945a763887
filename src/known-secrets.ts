/** By the value: what it is called. A process has one environment, so this is the process's as well. */
const known = new Map<string, string>();
let pattern: RegExp | undefined;

const leastCharacters = 8;
/** From here on even plain letters are no word that somebody would write. */
const longCharacters = 20;

const secretName =
  /(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|(?:API|ACCESS|ROUTING|SIGNING|PRIVATE)_?KEY)$/;

/**
 * Takes this value out of everything from now on. A value that is a plain word is left: taking `postgres` out of every
 * sentence would hide nothing and tell what the password is.
 */
export const hideValue = (name: string, value: string): void => {
  const plain = value.trim();
  if (plain.length < leastCharacters) return;
  if (plain.length < longCharacters && /^(?:[A-Za-z]+(?:[-_. ][A-Za-z]+)*|\d+)$/.test(plain)) return;
  // The path of a key is no secret, and an error must be able to name it.
  if (/^(?:\.{0,2}\/|[A-Za-z]:\\)/.test(plain) && !plain.includes('\n') && /(?:KEY|CREDENTIALS?)$/.test(name)) return;
  for (const form of [plain, encodeURIComponent(plain), JSON.stringify(plain).slice(1, -1), base64(plain)])
    known.set(form, name);
  pattern = new RegExp(
    [...known.keys()]
      .sort((one, other) => other.length - one.length)
      .map((each) => each.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&'))
      .join('|'),
    'g',
  );
};

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64').replace(/=+$/, '');

/** Takes out what the settings themselves hold: tokens and keys by their name, and passwords inside addresses. */
export const hideSettings = (environment: Readonly<Record<string, string | undefined>>): void => {
  for (const [name, value] of Object.entries(environment)) {
    if (!value) continue;
    if (secretName.test(name)) hideValue(name, value);
    const password = /^[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:([^\s@/]+)@/i.exec(value)?.[1];
    if (password !== undefined) hideValue(name, decoded(password));
  }
};

/** Every variable that a plan names as a secret (`{ env: NAME }`, or under `header-env`), wherever it stands in it. */
export const namedVariables = (written: unknown): string[] => {
  if (Array.isArray(written)) return written.flatMap(namedVariables);
  if (typeof written !== 'object' || written === null) return [];
  return Object.entries(written).flatMap(([key, value]) => {
    if (key === 'env' && typeof value === 'string') return [value];
    if (key === 'header-env' && typeof value === 'object' && value !== null)
      return Object.values(value).filter((name) => typeof name === 'string');
    return namedVariables(value);
  });
};

export const hideKnown = (text: string): string =>
  pattern === undefined ? text : text.replace(pattern, (value) => `[redacted: ${known.get(value)}]`);

export const holdsKnown = (text: string): boolean => {
  if (pattern === undefined) return false;
  pattern.lastIndex = 0;
  return pattern.test(text);
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
