import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const document = readFileSync(join(import.meta.dirname, '../../docs/plans.md'), 'utf8');

/** The blocks of one language as docs/plans.md prints them. */
export const blocksOf = (language: string): string[] =>
  [...document.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, text]) => text!);

/** The files that docs/plans.md says its YAML blocks are: one for each that names a file, and the plan from all others. */
export const filesOfDocument = (): Record<string, string> => {
  const files: Record<string, string> = { 'plans/tulip.yml': '' };
  for (const block of blocksOf('yaml')) {
    const name = /^# (plans\/\S+)\n/.exec(block)?.[1];
    if (name) files[name] = block;
    else files['plans/tulip.yml'] += block;
  }
  return files;
};

/** A folder that holds them, for whoever runs a command there. */
export const folderOfDocument = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'mayday-tulip-'));
  for (const [name, text] of Object.entries(filesOfDocument())) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
};
