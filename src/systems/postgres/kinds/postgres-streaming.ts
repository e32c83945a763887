import { z } from 'zod';
import { type ComponentView, defineKind, type LookContext, type PlanView } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import { fenceSettings, sqlSettings } from '../../sql-settings.ts';
import type { Databases } from '../client.ts';
import { resolveTarget, streamingKind } from '../database-target.ts';
import { describeStandby, readStandby } from '../standby.ts';

/** A PostgreSQL that somebody runs by themselves: one server in each place, all but one following by streaming. */
export const postgresStreaming = (databases: Databases) => {
  const read = (component: ComponentView, place: string, plan: PlanView, context: LookContext) =>
    databases.session(resolveTarget({ component: component.name, at: place }, plan), lookSignal(context), readStandby);
  return defineKind({
    name: streamingKind,
    summary: 'PostgreSQL with a streaming standby in each other place',
    at: z.string().min(1),
    settings: z.strictObject({ port: z.int().min(1).max(65_535).optional(), ...sqlSettings, ...fenceSettings }),
    resources({ name, at, settings }, place) {
      const host = at[place];
      if (typeof host !== 'string') throw new Error(`component ${name} is not in ${place}`);
      const { database } = (settings['sql'] ?? {}) as { database?: string };
      return [database === undefined ? `postgres:${host}` : `postgres:${host}/${database}`];
    },
    fence: ({ name }, place) => ({ uses: 'postgres/make-read-only', with: { component: name, at: place } }),
    async role(component, place, plan, context) {
      try {
        const found = await read(component, place, plan, context);
        const because = describeStandby(String(component.at[place]), found);
        return { role: found.recovering ? 'standby' : 'active', because };
      } catch (error) {
        return { role: 'unknown', because: messageOf(error) };
      }
    },
    async describe(component, place, plan, context) {
      try {
        return describeStandby(String(component.at[place]), await read(component, place, plan, context));
      } catch (error) {
        return `${component.at[place]}: not known (${messageOf(error)})`;
      }
    },
  });
};
