import type * as jetstream from '@nats-io/jetstream';
import type * as transport from '@nats-io/transport-node';
import { lazily } from '../lazily.ts';

export const jetstreamSdk = lazily<typeof jetstream>('@nats-io/jetstream');
export const transportSdk = lazily<typeof transport>('@nats-io/transport-node');
