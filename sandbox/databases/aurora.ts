import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import type { Databases } from './databases.ts';
import type { Instance } from './instance.ts';
import { endSessions, setWritable } from './physical.ts';
import { quote } from './server.ts';

/** A global database of Aurora: clusters in several Regions, one of which takes writes. */
export interface GlobalDatabase {
  id: string;
  account: string;
  status: 'available' | 'switching-over' | 'failing-over';
  members: Instance[];
  /** Where it goes while it is under way. */
  moving?: { from: Instance; to: Instance; losing: boolean };
}

export interface Aurora {
  all(): GlobalDatabase[];
  writerOf(global: GlobalDatabase): Instance | undefined;
  /** Planned: waits until the target has everything. Otherwise what did not arrive is lost. */
  move(global: GlobalDatabase, to: Instance, losing: boolean, changed: () => void): void;
}

export const createAurora = (context: SandboxContext, databases: Databases): Aurora => {
  const { clock, faults } = context;
  const globals: GlobalDatabase[] = context.plans.flatMap((plan) =>
    Object.values(plan.components).flatMap((component) => {
      if (component.kind !== 'aurora-global') return [];
      const members = plan.prefer.flatMap((place) => {
        const found = component[place] && databases.find(plan.regions[place]?.aws ?? place, component[place]);
        return found ? [found] : [];
      });
      return [{ id: String(component['global']), account: plan.account, status: 'available' as const, members }];
    }),
  );
  const writerOf = ({ members }: GlobalDatabase) => members.find((member) => !member.source);
  const later = (seconds: number, deed: () => Promise<void> | void) =>
    clock.after(seconds, () => {
      void Promise.resolve()
        .then(deed)
        .catch((error) => context.log('a global database could not follow', { error: String(error) }));
    });

  /** An old writer that comes back takes the new one's data; what it alone had is gone. */
  const rejoin = (old: Instance, writer: Instance): void => {
    if (faults.regionDown(old.region)) return void later(durations.auroraRejoin, () => rejoin(old, writer));
    later(durations.auroraRejoin, async () => {
      const tables = old.tables.map(({ name }) => quote(name)).join(', ');
      if (tables) await databases.server.pool(old.physicalDatabase).query(`TRUNCATE ${tables}`);
      await setWritable(databases.server, old, false);
      old.detached = false;
      old.status = 'available';
    });
  };

  return {
    all: () => globals,
    writerOf,
    move(global, to, losing, changed) {
      const from = writerOf(global)!;
      global.status = losing ? 'failing-over' : 'switching-over';
      global.moving = { from, to, losing };
      const seconds =
        (losing ? durations.auroraFailover : durations.auroraSwitchover) *
        faults.slowFactor(losing ? 'rds:FailoverGlobalCluster' : 'rds:SwitchoverGlobalCluster');
      // Writes stop at once; only then can the target be told to have everything.
      from.writable = false;
      if (losing) to.detached = true;
      const reachable = !faults.regionDown(from.region);
      if (reachable) {
        later(0, async () => {
          await setWritable(databases.server, from, false);
          await endSessions(databases.server, from);
        });
      }
      later(seconds, async () => {
        if (!losing) await databases.catchUp(from, to);
        to.detached = true;
        await setWritable(databases.server, to, true);
        to.source = undefined;
        to.detached = false;
        to.writable = true;
        for (const member of global.members) if (member !== to) member.source = { id: to.id, region: to.region };
        if (losing) {
          from.detached = true;
          from.status = 'modifying';
          rejoin(from, to);
        }
        global.status = 'available';
        global.moving = undefined;
        changed();
      });
    },
  };
};
