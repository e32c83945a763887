import type * as s3 from '@aws-sdk/client-s3';
import { lazily } from '../lazily.ts';

export const s3Sdk = lazily<typeof s3>('@aws-sdk/client-s3');
