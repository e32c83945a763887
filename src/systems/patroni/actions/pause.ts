import type { Patroni } from '../client.ts';
import { pausing } from '../pausing.ts';

export const pause = (patroni: Patroni) => pausing(patroni, true);
