import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import { type Message, matches } from './nats-server.ts';

export interface Stream {
  config: Record<string, any>;
  messages: number;
  lastSequence: number;
  createdAt: Date;
  /** Of a mirror: messages that its source has and it does not. */
  lag: number;
}

/** JetStream of one place: its streams, as the requests of clients see and change them. */
export interface JetStream {
  region: string;
  streams: Map<string, Stream>;
  answer(message: Message): object | undefined;
}

const api = '$JS.API.';
const inInfo = 'io.nats.jetstream.api.v1.';

export const createJetStream = (
  context: SandboxContext,
  given: { component: string; place: string; region: string; version(): string; sourceIsAlive(): boolean },
): JetStream => {
  const { clock, faults, ledger } = context;
  const streams = new Map<string, Stream>();

  const refuse = (type: string, code: number, errorCode: number, description: string) => {
    ledger.refuse(`nats:${type}`, String(errorCode), 'NATS JetStream API errors');
    return { type: `${inInfo}${type}_response`, error: { code, err_code: errorCode, description } };
  };
  const describe = (type: string, stream: Stream) => {
    const { config, messages, lastSequence, createdAt, lag } = stream;
    // The longer nothing was heard of its source, the older is what it knows of it.
    const active = given.sourceIsAlive() ? 500_000_000 : 60_000_000_000;
    return {
      type: `${inInfo}${type}_response`,
      config,
      created: createdAt.toISOString(),
      state: {
        messages,
        bytes: messages * 40,
        first_seq: messages === 0 ? 0 : lastSequence - messages + 1,
        first_ts: createdAt.toISOString(),
        last_seq: lastSequence,
        last_ts: clock.now().toISOString(),
        consumer_count: 0,
      },
      ...(config['mirror'] && { mirror: { name: config['mirror'].name, lag, active } }),
      ...(config['sources']?.length > 0 && {
        sources: config['sources'].map(({ name }: { name: string }) => ({ name, lag, active })),
      }),
    };
  };
  const overlaps = (name: string, subjects: string[]) =>
    [...streams].some(
      ([other, { config }]) =>
        other !== name &&
        (config['subjects'] ?? []).some((taken: string) => subjects.some((one) => matches(taken, one))),
    );

  const create = (name: string, config: Record<string, any>): object => {
    const type = 'stream_create';
    const there = streams.get(name);
    if (there && JSON.stringify(there.config) === JSON.stringify(config)) return describe(type, there);
    if (there) return refuse(type, 400, 10_058, 'stream name already in use with a different configuration');
    if (config['name'] !== name) return refuse(type, 400, 10_056, 'stream name in subject does not match request');
    if (overlaps(name, config['subjects'] ?? []))
      return refuse(type, 400, 10_065, 'subjects overlap with an existing stream');
    const from = streams.get(config['sources']?.[0]?.name);
    if (config['sources']?.length > 0 && !from) return refuse(type, 404, 10_059, 'stream not found');
    const { visible } = ledger.accept('nats:StreamCreate', `nats:${given.component}:${given.place}/${name}`);
    const stream: Stream = { config, messages: 0, lastSequence: 0, createdAt: clock.now(), lag: from?.messages ?? 0 };
    streams.set(name, stream);
    clock.after(durations.natsFill * faults.slowFactor('nats:StreamCreate'), () => {
      stream.messages = from?.messages ?? 0;
      stream.lastSequence = stream.messages;
      stream.lag = 0;
      visible();
    });
    return describe(type, stream);
  };

  const update = (name: string, config: Record<string, any>): object => {
    const type = 'stream_update';
    const stream = streams.get(name);
    if (!stream) return refuse(type, 404, 10_059, 'stream not found');
    const [major = 0, minor = 0] = given.version().split('.').map(Number);
    const letsGo = config['mirror'] === undefined && (major > 2 || minor >= 12);
    if (JSON.stringify(stream.config['mirror']) !== JSON.stringify(config['mirror']) && !letsGo)
      return refuse(type, 400, 10_055, 'stream mirror configuration can not be updated');
    if (overlaps(name, config['subjects'] ?? []))
      return refuse(type, 400, 10_065, 'subjects overlap with an existing stream');
    const { visible } = ledger.accept('nats:StreamUpdate', `nats:${given.component}:${given.place}/${name}`);
    stream.config = config;
    visible();
    return describe(type, stream);
  };

  return {
    region: given.region,
    streams,
    answer(message) {
      const { subject, body, headers } = message;
      if (subject.startsWith(api)) {
        const [area, deed, name = ''] = subject.slice(api.length).split('.');
        if (area === 'INFO')
          return { type: `${inInfo}account_info_response`, memory: 0, storage: 0, streams: streams.size };
        if (area !== 'STREAM') return undefined;
        const stream = streams.get(name);
        if (deed === 'INFO' && !stream)
          return {
            type: `${inInfo}stream_info_response`,
            error: { code: 404, err_code: 10_059, description: 'stream not found' },
          };
        if (deed === 'INFO') return describe('stream_info', stream!);
        const change = deed === 'CREATE' ? 'nats:StreamCreate' : 'nats:StreamUpdate';
        const fault = faults.take(change);
        if (fault === 'error') return refuse('stream', 503, 10_008, 'JetStream system temporarily unavailable');
        const config = JSON.parse(body.toString('utf8')) as Record<string, any>;
        return deed === 'CREATE' ? create(name, config) : deed === 'UPDATE' ? update(name, config) : undefined;
      }
      const taking = [...streams].find(([, { config }]) =>
        (config['subjects'] ?? []).some((pattern: string) => matches(pattern, subject)),
      );
      if (!taking) return undefined;
      const [name, stream] = taking;
      const expected = headers.get('nats-expected-last-sequence');
      if (expected !== undefined && Number(expected) !== stream.lastSequence)
        return {
          error: { code: 400, err_code: 10_071, description: `wrong last sequence: ${stream.lastSequence}` },
          stream: name,
          seq: 0,
        };
      stream.messages += 1;
      stream.lastSequence += 1;
      return { stream: name, seq: stream.lastSequence };
    },
  };
};
