import type { System, SystemTools } from '../../define.ts';
import { promoteMirror } from './actions/promote-mirror.ts';
import { answers } from './checks/answers.ts';
import { streamLag } from './checks/stream-lag.ts';
import { createNatsClients } from './client.ts';
import type { NatsSettings } from './config.ts';
import { natsStream } from './kinds/nats-stream.ts';

export { type NatsSettings, natsSettings } from './config.ts';

export const createNats = (_settings: NatsSettings, tools: SystemTools): System => {
  const clients = createNatsClients(tools);
  return {
    name: 'nats',
    actions: [promoteMirror(clients)],
    checks: [answers(clients), streamLag(clients)],
    kinds: [natsStream(clients)],
    close: async () => {},
  };
};
