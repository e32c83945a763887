import type { Flow } from '../src/define.ts';
import { assess } from './assess.ts';
import { check } from './check.ts';
import { declare } from './declare.ts';
import { failback } from './failback.ts';
import { failover } from './failover.ts';
import { fence } from './fence.ts';
import { recover } from './recover.ts';
import { resolve } from './resolve.ts';
import { restore } from './restore.ts';
import { status } from './status.ts';
import { switchover } from './switchover.ts';
import { update } from './update.ts';

/** Every flow; a test holds this list and the folder equal. */
export const flows: readonly Flow[] = [
  failover,
  switchover,
  failback,
  recover,
  restore,
  assess,
  check,
  status,
  declare,
  update,
  resolve,
  fence,
];
