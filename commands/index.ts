import type { Command } from '../src/define.ts';
import { dr } from './dr.ts';
import { failback } from './failback.ts';
import { failover } from './failover.ts';
import { incident } from './incident.ts';
import { restore } from './restore.ts';

/** Every slash command; a test holds this list and the folder equal, and the manifest is made from it. */
export const commands: readonly Command[] = [failover, failback, restore, incident, dr];
