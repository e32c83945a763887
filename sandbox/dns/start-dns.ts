import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { decode, encode, type Packet } from 'dns-packet';
import type { SandboxContext, SandboxPart } from '../part.ts';
import { createResolver, type DnsAnswer, type Resolver } from './resolver.ts';

const resolverCount = 2;
const authoritativeAnswerBit = 1 << 10;

/** Caching resolvers over UDP in front of the world's name servers. */
export const startDns = async (
  context: SandboxContext,
  authority: (name: string, type: string) => DnsAnswer | undefined,
): Promise<SandboxPart & { resolvers: Resolver[]; propagated(names: string[], done: () => void): void }> => {
  const resolvers = Array.from({ length: resolverCount }, () => createResolver(context.clock, authority));
  const sockets = await Promise.all(resolvers.map((resolver) => serve(context, resolver)));
  return {
    name: 'dns',
    resolvers,
    environment: {
      MAYDAY_DNS_SERVERS: sockets.map((socket) => `127.0.0.1:${(socket.address() as AddressInfo).port}`).join(','),
    },
    control: {},
    propagated(names, done) {
      const stale = Math.max(
        0,
        ...names.flatMap((name) => resolvers.map((one) => one.staleFor(name.replace(/\.$/, '')))),
      );
      context.clock.after(stale, done);
    },
    close: async () => {
      for (const socket of sockets) await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
};

const serve = (context: SandboxContext, resolver: Resolver): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.on('message', (message, from) => {
      if (context.faults.service('dns')?.how === 'hang') return;
      const answer = respond(resolver, message);
      if (answer) socket.send(answer, from.port, from.address);
    });
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => resolve(socket));
  });

const respond = (resolver: Resolver, message: Buffer): Buffer | undefined => {
  let query: Packet;
  try {
    query = decode(message);
  } catch {
    return undefined;
  }
  const question = query.questions?.[0];
  if (!question) return undefined;
  const found = resolver.resolve(question.name, question.type);
  const packet: Packet = {
    type: 'response',
    id: query.id,
    flags: (query.flags ?? 0) & ~authoritativeAnswerBit,
    questions: [question],
    answers: (found?.values ?? []).map((data) => ({
      type: question.type as 'A',
      name: question.name,
      ttl: found!.ttlSeconds,
      data,
    })),
  };
  // NXDOMAIN is code 3 in the lowest bits of the flags.
  if (!found) packet.flags = (packet.flags ?? 0) | 3;
  return encode(packet);
};
