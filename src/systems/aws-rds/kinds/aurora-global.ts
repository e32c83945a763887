import { z } from 'zod';
import { defineKind, type LookContext, type PlanView } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { awsRegion, componentPlace } from '../../component-place.ts';
import { lookSignal } from '../../look-signal.ts';
import { fenceSettings, sqlSettings } from '../../sql-settings.ts';
import type { RdsClients } from '../client.ts';
import { describeGlobal, findGlobal, globalId, memberOf } from '../global-clusters.ts';

/** Wall milliseconds for each Region that is asked, so that a dead one leaves time for the next. */
const regionMilliseconds = 2500;

/** A global database of Aurora: one cluster in each place, one of which takes writes. */
export const auroraGlobal = (clients: RdsClients) => {
  /** Every Region of a global database shows all of it, so the first that answers will do. */
  const find = async (
    { at, settings }: { at: Record<string, unknown>; settings: Record<string, unknown> },
    place: string,
    plan: PlanView,
    context: LookContext,
  ) => {
    const places = [place, ...Object.keys(at).filter((each) => each !== place)];
    let failure: unknown;
    for (const each of places) {
      try {
        const signal = lookSignal(context, regionMilliseconds);
        return await findGlobal(clients, awsRegion(plan, each), String(settings['global']), signal);
      } catch (error) {
        failure ??= error;
      }
    }
    throw failure;
  };
  return defineKind({
    name: 'aurora-global',
    summary: 'PostgreSQL on an Amazon Aurora global database, one cluster in each place',
    at: z.string().min(1),
    settings: z.strictObject({
      /** Identifier of the global database. */
      global: z.string().min(1),
      /** Endpoints, for checks that must work when the RDS API does not answer. */
      hosts: z.record(z.string(), z.string()).optional(),
      ...sqlSettings,
      ...fenceSettings,
    }),
    resources(component, place, plan) {
      const { id, region } = componentPlace(plan, component, place);
      return [globalId({ global: String(component.settings['global']) }), `rds:${region}:${id}`];
    },
    fence: ({ name }, place) => ({ uses: 'postgres/make-read-only', with: { component: name, at: place } }),
    // Aurora itself makes an old primary that is back a secondary.
    resynchronise: () => [],
    async role(component, place, plan, context) {
      const { id: cluster, region } = componentPlace(plan, component, place);
      try {
        const found = await find(component, place, plan, context);
        const own = found && memberOf(found, { cluster, region });
        if (!own) return { role: 'absent', because: `${cluster} in ${region} is no member of the global database` };
        return { role: own.IsWriter ? 'active' : 'standby', because: describeGlobal(found) };
      } catch (error) {
        return { role: 'unknown', because: `RDS did not say: ${messageOf(error)}` };
      }
    },
    async describe(component, place, plan, context) {
      const { id: cluster, region } = componentPlace(plan, component, place);
      try {
        const found = await find(component, place, plan, context);
        const own = found && memberOf(found, { cluster, region });
        if (!own) return `${cluster}: no member of the global database`;
        return `${cluster}: ${found.Status ?? 'unknown'}, ${own.IsWriter ? 'takes writes' : `reads, ${own.SynchronizationStatus ?? 'connected'}`}`;
      } catch (error) {
        return `${cluster}: not known (${messageOf(error)})`;
      }
    },
  });
};
