import { z } from 'zod';
import { type ComponentView, defineKind, type LookContext, type PlanView } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import type { NatsClients } from '../client.ts';
import { describeStream, isSource, successorOf } from '../stream-facts.ts';
import { resolveStream, streamKind, streamResource, streamSettings } from '../stream-target.ts';

/** A JetStream stream: the source in one place, mirrors of it in others. */
export const natsStream = (clients: NatsClients) => {
  const find = (component: ComponentView, place: string, plan: PlanView, context: LookContext) => {
    const target = resolveStream({ component: component.name, at: place }, plan);
    return clients.session(target, lookSignal(context), async (session) => {
      const [own, successor] = await Promise.all([
        session.find(target.stream),
        session.find(successorOf(target.stream)),
      ]);
      return successor && isSource(successor) ? successor : own;
    });
  };
  return defineKind({
    name: streamKind,
    summary: 'A stream of NATS JetStream, with a mirror in each other place',
    at: z
      .strictObject({
        servers: z.array(z.url({ protocol: /^(nats|tls)$/ })).min(1),
        stream: z.string().regex(/^[^\s.*>]+$/, 'is the name of a stream, without spaces, dots and wildcards'),
      })
      .optional(),
    settings: z.strictObject(streamSettings),
    resources: ({ name, at }, place, plan) =>
      at[place] === undefined ? [] : [streamResource(resolveStream({ component: name, at: place }, plan))],
    async role(component, place, plan, context) {
      if (component.at[place] === undefined) return { role: 'absent', because: `${component.name} is not in ${place}` };
      try {
        const info = await find(component, place, plan, context);
        if (!info) return { role: 'absent', because: `there is no stream of ${component.name} in ${place}` };
        return { role: isSource(info) ? 'active' : 'standby', because: describeStream(info) };
      } catch (error) {
        return { role: 'unknown', because: messageOf(error) };
      }
    },
    async describe(component, place, plan, context) {
      if (component.at[place] === undefined) return `${component.name} is not in ${place}`;
      try {
        const info = await find(component, place, plan, context);
        return info ? describeStream(info) : `there is no stream of ${component.name}`;
      } catch (error) {
        return `${component.name}: not known (${messageOf(error)})`;
      }
    },
  });
};
