import type { Flow } from '../src/define.ts';
import { declare } from './declare.ts';
import { failover } from './failover.ts';
import { fence } from './fence.ts';
import { resolve } from './resolve.ts';
import { restore } from './restore.ts';
import { status } from './status.ts';
import { update } from './update.ts';

/** Every flow; a test holds this list and the folder equal. */
export const flows: readonly Flow[] = [failover, restore, status, declare, update, resolve, fence];
