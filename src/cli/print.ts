export const print = (...lines: string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);

/** One JSON document on one line, so that the next program can read the last line. */
export const printJson = (value: unknown): void => print(JSON.stringify(value));
