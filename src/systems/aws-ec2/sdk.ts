import type * as autoScaling from '@aws-sdk/client-auto-scaling';
import type * as ec2 from '@aws-sdk/client-ec2';
import { lazily } from '../lazily.ts';

export const autoScalingSdk = lazily<typeof autoScaling>('@aws-sdk/client-auto-scaling');
export const ec2Sdk = lazily<typeof ec2>('@aws-sdk/client-ec2');
