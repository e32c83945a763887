import type * as ecs from '@aws-sdk/client-ecs';
import { lazily } from '../lazily.ts';

export const ecsSdk = lazily<typeof ecs>('@aws-sdk/client-ecs');
