import { mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** A folder with this plan, the plans that it includes, and whatever stands beside them, but no other plan. */
export const folderOf = (file: string, names: string[]): string => {
  const from = resolve(file, '..');
  const folder = mkdtempSync(join(tmpdir(), 'mayday-plan-'));
  for (const entry of readdirSync(from))
    if (!entry.endsWith('.yml') || names.includes(entry.slice(0, -'.yml'.length)))
      symlinkSync(join(from, entry), join(folder, entry));
  return folder;
};
