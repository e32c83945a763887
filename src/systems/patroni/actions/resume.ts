import type { Patroni } from '../client.ts';
import { pausing } from '../pausing.ts';

export const resume = (patroni: Patroni) => pausing(patroni, false);
