import type * as elasticache from '@aws-sdk/client-elasticache';
import { lazily } from '../lazily.ts';

export const elasticacheSdk = lazily<typeof elasticache>('@aws-sdk/client-elasticache');
