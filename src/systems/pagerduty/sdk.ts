import type * as pagerduty from '@pagerduty/pdjs';
import { lazily } from '../lazily.ts';

export const pagerdutySdk = lazily<typeof pagerduty>('@pagerduty/pdjs');
