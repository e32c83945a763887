import type * as route53 from '@aws-sdk/client-route-53';
import { lazily } from '../lazily.ts';

export const route53Sdk = lazily<typeof route53>('@aws-sdk/client-route-53');
