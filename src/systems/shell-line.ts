/** A shell command from its words, each quoted when it holds anything that a shell would read as more than text. */
export const shellLine = (...words: (string | number)[]): string =>
  words.map((word) => shellWord(String(word))).join(' ');

const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
