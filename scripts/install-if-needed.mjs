// Runs before every npm script, on whatever Node the machine has: installs the locked dependencies
// (Node 24 among them) when they are missing or older than the lock file, and otherwise does nothing.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

const changedAt = (path) => {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return undefined;
  }
};

const installed = changedAt('node_modules/.package-lock.json');
const locked = changedAt('package-lock.json');
if (installed === undefined || (locked !== undefined && installed < locked)) {
  process.stderr.write('Installing the locked dependencies (npm ci) …\n');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 2, 2],
  });
  process.exit(status ?? 1);
}
