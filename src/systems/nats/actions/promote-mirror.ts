import { z } from 'zod';
import { defineAction, type StepContext } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { NatsClients, Session } from '../client.ts';
import { wrongSequenceCode } from '../errors.ts';
import { transportSdk } from '../sdk.ts';
import { describeStream, isSource, probeSubject, successorOf } from '../stream-facts.ts';
import {
  resolveStream,
  type StreamTarget,
  streamInput,
  streamPermission,
  streamResource,
  streamTargets,
  streamWritten,
} from '../stream-target.ts';

/** The first version whose streams let go of what they mirror. */
const letsGoSince = [2, 12];
const lookMilliseconds = 200;

/**
 * Makes a mirror a source of its own. Since NATS 2.12 an update may take the mirror away. Before that the server refuses it
 * (10055), and a stream that took its place by being deleted and made again would be empty. So a stream beside it,
 * `<name>-promoted`, is filled from the mirror first and takes the subjects only when it has everything: all messages, in
 * their order, before the first new one. The mirror stays as it is. Each of its steps can be done twice.
 */
export const promoteMirror = (clients: NatsClients) => {
  const look = async ({ find }: Session, { stream }: StreamTarget) => {
    const [own, successor] = await Promise.all([find(stream), find(successorOf(stream))]);
    return { own, successor, source: [own, successor].find((info) => info && isSource(info)) };
  };
  /** A message that can never be the right one: a stream that takes the subject says so, and keeps nothing. */
  const takesPublish = async ({ connection }: Session, target: StreamTarget, stream: string): Promise<boolean> => {
    const options = transportSdk().headers();
    options.set('Nats-Expected-Last-Sequence', String(Number.MAX_SAFE_INTEGER));
    const answer = await connection
      .request(probeSubject(target), '', { headers: options, timeout: 2000 })
      .then((message) => message.json<{ error?: { err_code?: number }; stream?: string }>())
      .catch(() => undefined);
    return answer?.error?.err_code === wrongSequenceCode && (answer.stream === undefined || answer.stream === stream);
  };
  const update = async (target: StreamTarget, context: StepContext, change: (session: Session) => Promise<unknown>) =>
    clients.session(target, await context.beforeChange(), change, 'changing');

  return defineAction({
    name: 'nats/promote-mirror',
    version: 1,
    summary: 'Make a mirrored stream one that takes messages itself',
    effect: 'change',
    with: z.strictObject(streamWritten),
    resolve: resolveStream,
    input: z.strictObject(streamInput),
    targets: streamTargets,
    output: z.object({ stream: z.string() }),
    resources: (target) => [streamResource(target)],
    changes: ['nats:StreamCreate', 'nats:StreamUpdate'],
    permissions: (target) =>
      streamPermission(target, 'publish $JS.API.STREAM.INFO, .CREATE and .UPDATE of it and of its successor'),
    expectedSeconds: 20,
    longestSeconds: 900,
    repeat: 'by-look',
    reversible: { no: 'a stream never becomes a mirror again; a new mirror has to be made, and filled from the start' },

    observe: (target, context) =>
      clients.session(target, lookSignal(context), async (session) => {
        const { own, successor, source } = await look(session, target);
        if (source) {
          const seen = describeStream(source);
          const name = source.config.name;
          if (await takesPublish(session, target, name)) return { state: 'done', seen, output: { stream: name } };
          return { state: 'changing', seen: `${seen}, and does not take a message yet`, lookAgainSeconds: 1 };
        }
        if (!own) return { state: 'impossible', seen: `there is no stream ${target.stream}` };
        if (!own.config.mirror)
          return { state: 'impossible', seen: `${describeStream(own)}; it is no mirror, and takes nothing by itself` };
        return { state: 'todo', seen: describeStream(successor ?? own) };
      }),

    async act(target, context) {
      const { own, successor, source, version } = await clients.session(
        target,
        lookSignal(context),
        async (session) => ({
          ...(await look(session, target)),
          version: session.connection.info?.version ?? '0.0',
        }),
      );
      if (source || !own?.config.mirror) return { seen: `${target.stream} is no mirror any more` };
      const { subjects, stream } = target;
      const [major = 0, minor = 0] = version.split('.').map(Number);
      if (major > letsGoSince[0]! || (major === letsGoSince[0] && minor >= letsGoSince[1]!)) {
        await update(target, context, ({ manager }) => manager.streams.update(stream, { mirror: undefined, subjects }));
        return { seen: `${stream} mirrors nobody any more` };
      }
      const name = successorOf(stream);
      if (!successor) {
        const { retention, storage, num_replicas, max_age, max_bytes, max_msgs, discard } = own.config;
        const config = { name, retention, storage, num_replicas, max_age, max_bytes, max_msgs, discard };
        await update(target, context, ({ manager }) => manager.streams.add({ ...config, sources: [{ name: stream }] }));
      }
      await filled(clients, target, context);
      await update(target, context, ({ manager }) => manager.streams.update(name, { subjects, sources: [] }));
      return { seen: `${name} has all messages of ${stream} and takes ${subjects.join(', ')}` };
    },

    preview: (target, context) =>
      clients.session(target, lookSignal(context), async (session) => {
        const { own, source } = await look(session, target);
        const now = source ?? own;
        return [
          {
            resource: streamResource(target),
            now: now ? describeStream(now) : 'does not exist',
            then: `takes ${target.subjects.join(', ')}`,
          },
        ];
      }),
    command: ({ servers, stream, subjects }) =>
      shellLine(
        'nats',
        '--server',
        servers[0]!,
        'stream',
        'edit',
        stream,
        '--no-mirror',
        `--subjects=${subjects.join(',')}`,
      ),
  });
};

/** Waits until the successor has whatever the mirror has. */
const filled = async (clients: NatsClients, target: StreamTarget, context: StepContext): Promise<void> => {
  while (!context.signal.aborted) {
    const [from, to] = await clients.session(target, lookSignal(context), ({ find }) =>
      Promise.all([find(target.stream), find(successorOf(target.stream))]),
    );
    // Its position is its own, so what counts is how many there are and that none is on its way.
    const lag = to?.sources?.[0]?.lag ?? 0;
    if (from && to && to.state.messages >= from.state.messages && lag === 0) return;
    await new Promise((resolve) => setTimeout(resolve, lookMilliseconds));
  }
  throw new MaydayError(
    'system/unknown',
    `${successorOf(target.stream)} has not got all messages of ${target.stream} yet; it takes none of its own, and nothing is lost. It goes on being filled`,
  );
};
