import type { SandboxContext, SandboxPart } from '../part.ts';
import { createJetStream, type JetStream } from './jetstream.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';

const messagesAtFirst = 1000;
/** Before streams could let go of what they mirror, as most servers still are. */
const usualVersion = '2.10.22';

/** Every stream of the plans: the source where everything runs at first, and a mirror of it in each other place. */
export const startNats = async (context: SandboxContext, secrets: Record<string, string>): Promise<SandboxPart> => {
  const servers: NatsServer[] = [];
  const hosts: string[] = [];
  const known: { component: string; place: string; stream: string; jetstream: JetStream }[] = [];
  let version = usualVersion;
  for (const plan of context.plans)
    for (const [component, written] of Object.entries(plan.components)) {
      if (written.kind !== 'nats-stream') continue;
      const places = plan.prefer.filter((place) => written[place] !== undefined);
      const regionOf = (place: string) => plan.regions[place]?.aws ?? place;
      const source = places[0];
      for (const place of places) {
        const at = written[place] as { servers: string[]; stream: string };
        const region = regionOf(place);
        const jetstream = createJetStream(context, {
          component,
          place,
          region,
          version: () => version,
          sourceIsAlive: () => !context.faults.regionDown(regionOf(source!)),
        });
        const common = { name: at.stream, retention: 'limits', storage: 'file', num_replicas: 1, discard: 'old' };
        const config =
          place === source
            ? { ...common, subjects: written['subjects'] }
            : { ...common, mirror: { name: (written[source!] as { stream: string }).stream } };
        jetstream.streams.set(at.stream, {
          config,
          messages: messagesAtFirst,
          lastSequence: messagesAtFirst,
          createdAt: context.clock.now(),
          lag: 0,
        });
        known.push({ component, place, stream: at.stream, jetstream });
        const password: string | undefined = written['password']?.env && secrets[written['password'].env];
        const server = await startNatsServer({
          version: () => version,
          login: password === undefined ? undefined : { user: written['user'] ?? '', password },
          // In a dead Region packets vanish.
          silent: () => context.faults.regionDown(region) || context.faults.service('nats')?.how === 'hang',
          answer: (message) => jetstream.answer(message),
        });
        servers.push(server);
        for (const text of at.servers) {
          const url = new URL(text);
          hosts.push(`${url.hostname}:${url.port || 4222}=127.0.0.1:${server.port}`);
        }
      }
    }
  return {
    name: 'nats',
    environment: { MAYDAY_HOSTS: hosts.join(',') },
    control: {
      'GET /nats': () =>
        known.map(({ component, place, jetstream }) => ({
          component,
          place,
          streams: Object.fromEntries(jetstream.streams),
        })),
      'POST /nats/lag': ({ body }) => {
        const found = known.find((one) => one.component === body.component && one.place === body.place);
        if (!found || typeof body.messages !== 'number') throw new Error('lag needs { component, place, messages }');
        found.jetstream.streams.get(found.stream)!.lag = body.messages;
      },
      'POST /nats/version': ({ body }) => {
        version = String(body.version);
      },
    },
    close: async () => {
      for (const server of servers) await server.close();
    },
  };
};
