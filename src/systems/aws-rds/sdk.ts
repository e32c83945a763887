import type * as cloudwatch from '@aws-sdk/client-cloudwatch';
import type * as rds from '@aws-sdk/client-rds';
import { lazily } from '../lazily.ts';

export const cloudwatchSdk = lazily<typeof cloudwatch>('@aws-sdk/client-cloudwatch');
export const rdsSdk = lazily<typeof rds>('@aws-sdk/client-rds');
