import type * as kubernetes from '@kubernetes/client-node';
import { lazily } from '../lazily.ts';

export const kubernetesSdk = lazily<typeof kubernetes>('@kubernetes/client-node');
