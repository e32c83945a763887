import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Secrets as Kubernetes mounts them: each name is a link into a folder behind a link, and that one link is swapped. */
export interface MountedSecrets {
  /** `<NAME>_FILE` of each. */
  settings: Record<string, string>;
  /** Puts all of them in place at one moment. */
  replace(values: Record<string, string>): void;
}

export const mountSecrets = (folder: string, values: Record<string, string>): MountedSecrets => {
  let version = 0;
  mkdirSync(folder, { recursive: true });
  const write = (all: Record<string, string>) => {
    version += 1;
    const behind = join(folder, `..v${version}`);
    mkdirSync(behind);
    for (const [name, value] of Object.entries(all)) writeFileSync(join(behind, name), `${value}\n`, { mode: 0o600 });
    symlinkSync(`..v${version}`, join(folder, '..new'));
    renameSync(join(folder, '..new'), join(folder, '..data'));
    rmSync(join(folder, `..v${version - 1}`), { recursive: true, force: true });
  };
  let held = values;
  write(held);
  for (const name of Object.keys(values)) symlinkSync(join('..data', name), join(folder, name));
  return {
    settings: Object.fromEntries(Object.keys(values).map((name) => [`${name}_FILE`, join(folder, name)])),
    replace(more) {
      held = { ...held, ...more };
      write(held);
    },
  };
};
