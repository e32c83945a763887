import type * as ioredis from 'ioredis';
import { lazily } from '../lazily.ts';

export const ioredisSdk = lazily<typeof ioredis>('ioredis');
