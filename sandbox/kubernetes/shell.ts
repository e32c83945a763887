/**
 * As much of a shell as a Job's manifest needs to say what it does: what `echo` prints is its output, and `exit` its end.
 * Anything else is taken to succeed in silence.
 */
export const runShell = (
  container: { command?: string[]; args?: string[] } | undefined,
): { code: number; output: string } => {
  const lines: string[] = [];
  const script = [...(container?.command ?? []), ...(container?.args ?? [])].join(' ');
  for (const [, , quoted, plain, code] of script.matchAll(/\b(?:echo\s+(?:(["'])(.*?)\1|([^;&|\n]+))|exit\s+(\d+))/g)) {
    if (code !== undefined) return { code: Number(code), output: said(lines) };
    lines.push((quoted ?? plain ?? '').trim());
  }
  return { code: 0, output: said(lines) };
};

const said = (lines: string[]) => lines.map((line) => `${line}\n`).join('');
