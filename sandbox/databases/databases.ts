import { createHash, randomBytes } from 'node:crypto';
import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import type { WorldPlan } from '../world-plan.ts';
import { type Instance, instanceKey, otherZone, type RunBy } from './instance.ts';
import { copyRows, createTables, endSessions, seedHistory, setWritable } from './physical.ts';
import type { DatabaseServer } from './server.ts';
import { startStreaming } from './streaming.ts';
import { tablesOf } from './tables.ts';

/** All database instances of the world: what the RDS API, the SQL gateway and the health URLs look at. */
export interface Databases {
  all(): Instance[];
  find(region: string, id: string): Instance | undefined;
  byHost(host: string): Instance | undefined;
  promote(instance: Instance, changed: () => void): void;
  restore(
    source: Instance,
    target: { id: string; time: Date; tags: Record<string, string> },
    changed: () => void,
  ): Instance;
  /** A backup was brought into it by a script: it is a primary of its own from now on. */
  restored(instance: Instance): Promise<void>;
  /** Sessions are refused for about half of the time; with a failover it comes back in its other zone. */
  reboot(instance: Instance, failover: boolean, changed: () => void): void;
  rename(instance: Instance, id: string, changed: () => void): void;
  addReplica(
    source: Instance,
    target: { id: string; region: string; multiAz: boolean; tags: Record<string, string> },
    changed: () => void,
  ): Instance;
  /** What RDS noted about instances, oldest first. */
  events: { region: string; instance: string; at: Date; category: string; message: string }[];
  modify(instance: Instance, change: Partial<Instance>, changed: () => void): void;
  remove(instance: Instance, changed: () => void): void;
  /** The leader behind an address that follows it is gone, another one takes writes, and the application has found it. */
  leaderLost(instance: Instance | undefined): void;
  leaderReady(instance: Instance | undefined): void;
  reconnected(instance: Instance | undefined): void;
  latestRestorable(instance: Instance): Date;
  earliestRestorable(instance: Instance): Date;
  /** Gives a replica all that its source has, as before a planned switchover. */
  catchUp(from: Instance, to: Instance): Promise<void>;
  /** World seconds by which replicas are behind. */
  lagSeconds: number;
  /** By how much one of them was behind at a moment: since its source went silent, by more each second. */
  lagOf(replica: Instance, at: Date): number;
  server: DatabaseServer;
  /** Ends timers and listeners; the databases themselves go with the server. */
  close(): Promise<void>;
}

const runByKind: Record<string, RunBy> = {
  'rds-postgresql': 'rds',
  'aurora-global': 'aurora',
  'postgres-streaming': 'streaming',
  'patroni-cluster': 'patroni',
};

/** However fast the world goes, replicas follow in turns that leave the machine time for the rest. */
const shortestTurnMilliseconds = 100;

const addedSeconds = (time: Date, seconds: number) => new Date(time.getTime() + seconds * 1000);

export const createDatabases = async (
  context: SandboxContext,
  server: DatabaseServer,
  secrets: Record<string, string>,
): Promise<Databases> => {
  const { clock, faults } = context;
  const instances = new Map<string, Instance>();
  const startedAt = clock.now();
  const cancels = new Set<() => void>();
  let numbered = 0;

  const add = (instance: Instance) => {
    instances.set(instanceKey(instance.region, instance.id), instance);
    return instance;
  };
  const later = (seconds: number, deed: () => Promise<void> | void) => {
    const cancel = clock.after(seconds, () => {
      cancels.delete(cancel);
      void persist(deed).catch((error) =>
        context.log('a database could not follow the world', { error: String(error) }),
      );
    });
    cancels.add(cancel);
  };
  /** PostgreSQL refuses two changes of one database's settings at once ("tuple concurrently updated"): try again. */
  const persist = async (deed: () => Promise<void> | void, tries = 5): Promise<void> => {
    try {
      await deed();
    } catch (error) {
      if (tries <= 1) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
      await persist(deed, tries - 1);
    }
  };
  const silentSince = new Map<string, Date>();
  const physicalName = () => `${server.prefix}_${++numbered}`;

  for (const plan of context.plans) {
    for (const [name, component] of Object.entries(plan.components)) {
      const runBy = runByKind[component.kind];
      if (runBy) await build(plan, name, runBy);
    }
  }

  async function build(plan: WorldPlan, name: string, runBy: RunBy): Promise<void> {
    const component = plan.components[name]!;
    // Without an address of its own a cluster is only its members' APIs.
    if (runBy === 'patroni' && component['host'] === undefined) return;
    const sql = component['sql'] ?? {};
    const password = sql.password?.env ? secrets[sql.password.env]! : 'sandbox';
    const role = `${server.prefix}_${sql.user ?? 'app'}`;
    await server.createRole(role, password);
    const places = plan.prefer.filter((place) => component[place] !== undefined);
    let primary: Instance | undefined;
    for (const place of places) {
      const id = (runBy === 'patroni' ? component['host'] : component[place]) as string;
      const region = plan.regions[place]?.aws ?? place;
      const instance = add({
        id,
        runBy,
        region,
        account: plan.account,
        status: 'available',
        source: primary && { id: primary.id, region: primary.region },
        detached: false,
        writable: primary === undefined,
        replayPaused: false,
        open: true,
        endpoint: component['hosts']?.[place] ?? hostBy[runBy](id, region, plan.account),
        port: component['port'] ?? 5432,
        databaseName: sql.database ?? 'postgres',
        user: sql.user ?? 'app',
        physicalDatabase: physicalName(),
        physicalRole: role,
        tables: tablesOf(plan, name),
        createdAt: addedSeconds(startedAt, -90 * 24 * 3600),
        multiAz: component['multi-az'] === true,
        availabilityZone: `${region}a`,
        resourceId: resourceId(),
        instanceClass: 'db.r6g.xlarge',
        backupRetentionDays: durations.backupRetention / 86_400,
        tags: {},
      });
      await server.createDatabase(instance.physicalDatabase);
      await createTables(server, instance);
      if (primary) await replay(primary, instance, addedSeconds(startedAt, -durations.replicaLag));
      else await seedHistory(server, instance, startedAt);
      await setWritable(server, instance, instance.writable);
      primary ??= instance;
    }
  }

  /** Whether anything is withheld. */
  async function replay(from: Instance, to: Instance, upTo: Date): Promise<boolean> {
    let withheld = false;
    for (const table of to.tables) if (await copyRows(server, from, to, table, upTo)) withheld = true;
    return withheld;
  }

  /** The host that a plan knows an instance by; names that are new get one of the same kind. */
  const hostOf = (region: string, id: string, account: string): string => {
    for (const plan of context.plans) {
      for (const component of Object.values(plan.components)) {
        const place = plan.prefer.find((each) => component[each] === id && plan.regions[each]?.aws === region);
        if (place && component['hosts']?.[place]) return component['hosts'][place];
      }
    }
    return endpointOf(id, region, account);
  };
  const note = ({ region, id }: Instance, category: string, message: string) =>
    void databases.events.push({ region, instance: id, at: clock.now(), category, message });

  const databases: Databases = {
    events: [],
    lagSeconds: durations.replicaLag,
    catchUp: async (from, to) => void (await replay(from, to, clock.now())),
    lagOf(replica, at) {
      const silent = silentSince.get(instanceKey(replica.region, replica.id));
      const since = silent === undefined ? 0 : (at.getTime() - silent.getTime()) / 1000;
      return databases.lagSeconds + Math.max(0, since);
    },
    server,
    all: () => [...instances.values()],
    find: (region, id) => instances.get(instanceKey(region, id)),
    byHost: (host) => [...instances.values()].find((instance) => instance.endpoint === host.toLowerCase()),
    latestRestorable: () =>
      new Date(Math.floor(clock.now().getTime() / 1000 / durations.logShipping) * durations.logShipping * 1000),
    earliestRestorable: (instance) =>
      new Date(
        Math.max(instance.createdAt.getTime(), clock.now().getTime() - instance.backupRetentionDays * 86_400_000),
      ),

    promote(instance, changed) {
      const slow = faults.slowFactor('rds:PromoteReadReplica');
      instance.detached = true;
      const modifying = durations.promoteOldStatus * slow;
      const rebooting = modifying + durations.promoteModifying * slow;
      later(modifying, () => {
        instance.status = 'modifying';
      });
      later(rebooting, async () => {
        instance.status = 'rebooting';
        instance.open = false;
        await endSessions(server, instance);
      });
      later(rebooting + durations.promoteRebooting * slow, async () => {
        await setWritable(server, instance, true);
        instance.source = undefined;
        // RDS turns backups on when it promotes, for a day unless told otherwise.
        if (instance.runBy === 'rds') instance.backupRetentionDays ||= 1;
        instance.writable = true;
        instance.open = true;
        instance.status = 'available';
        changed();
      });
    },

    leaderLost(instance) {
      if (!instance) return;
      instance.open = false;
      instance.unconnected = true;
      void persist(() => endSessions(server, instance)).catch((error) =>
        context.log('sessions could not be ended', { error: String(error) }),
      );
    },
    leaderReady(instance) {
      if (instance) instance.open = true;
    },
    reconnected(instance) {
      if (instance) instance.unconnected = false;
    },

    async restored(instance) {
      instance.detached = true;
      await persist(() => setWritable(server, instance, true));
      instance.source = undefined;
      instance.writable = true;
    },

    restore(source, { id, time, tags }, changed) {
      const slow = faults.slowFactor('rds:RestoreDBInstanceToPointInTime');
      const target = add({
        ...source,
        id,
        status: 'creating',
        source: undefined,
        detached: false,
        writable: true,
        replayPaused: false,
        open: false,
        endpoint: endpointOf(id, source.region, source.account),
        physicalDatabase: physicalName(),
        createdAt: clock.now(),
        multiAz: false,
        resourceId: resourceId(),
        tags,
      });
      const filled = (async () => {
        await server.createDatabase(target.physicalDatabase);
        await createTables(server, target);
        await replay(source, target, time);
        await setWritable(server, target, true);
      })();
      filled.catch((error) => context.log('a restore could not be filled', { error: String(error) }));
      later(durations.restoreCreating * slow, async () => {
        await filled;
        target.status = 'backing-up';
        target.open = true;
        later(durations.restoreBackingUp * slow, () => {
          target.status = 'available';
          changed();
        });
      });
      return target;
    },

    reboot(instance, failover, changed) {
      const seconds = durations.reboot * faults.slowFactor('rds:RebootDBInstance');
      instance.status = 'rebooting';
      if (failover) note(instance, 'failover', 'Multi-AZ instance failover started.');
      later(0, async () => {
        instance.open = false;
        await endSessions(server, instance);
      });
      later(seconds / 2, () => {
        instance.open = true;
        note(instance, 'availability', 'DB instance restarted');
      });
      later(seconds, () => {
        if (failover) note(instance, 'failover', 'Multi-AZ instance failover completed');
        instance.status = 'available';
        later(failover ? durations.zoneShown : 0, () => {
          if (failover) instance.availabilityZone = otherZone(instance.availabilityZone);
          changed();
        });
      });
    },

    rename(instance, id, changed) {
      const seconds = durations.renameInstance * faults.slowFactor('rds:ModifyDBInstance');
      instance.status = 'renaming';
      later(seconds / 2, async () => {
        instance.open = false;
        await endSessions(server, instance);
      });
      later(seconds, () => {
        instances.delete(instanceKey(instance.region, instance.id));
        for (const { source } of instances.values())
          if (source?.id === instance.id && source.region === instance.region) source.id = id;
        instance.id = id;
        instance.endpoint = hostOf(instance.region, id, instance.account);
        add(instance);
        instance.open = true;
        instance.status = 'available';
        changed();
      });
    },

    addReplica(source, { id, region, multiAz, tags }, changed) {
      const slow = faults.slowFactor('rds:CreateDBInstanceReadReplica');
      const target = add({
        ...source,
        id,
        region,
        status: 'creating',
        source: { id: source.id, region: source.region },
        // Nothing is replayed before there is anything to replay onto.
        detached: true,
        writable: false,
        open: false,
        endpoint: hostOf(region, id, source.account),
        physicalDatabase: physicalName(),
        createdAt: clock.now(),
        multiAz,
        availabilityZone: `${region}a`,
        resourceId: resourceId(),
        backupRetentionDays: 0,
        tags,
      });
      const filled = (async () => {
        await server.createDatabase(target.physicalDatabase);
        await createTables(server, target);
        await replay(source, target, clock.now());
        await setWritable(server, target, false);
      })();
      filled.catch((error) => context.log('a replica could not be filled', { error: String(error) }));
      later(durations.createReplica * slow, async () => {
        await filled;
        target.detached = false;
        target.open = true;
        target.status = 'available';
        changed();
      });
      return target;
    },

    modify(instance, change, changed) {
      instance.status = 'modifying';
      later(durations.modifyInstance * faults.slowFactor('rds:ModifyDBInstance'), () => {
        Object.assign(instance, change);
        instance.status = 'available';
        changed();
      });
    },

    remove(instance, changed) {
      instance.status = 'deleting';
      instance.open = false;
      later(durations.deleteInstance * faults.slowFactor('rds:DeleteDBInstance'), async () => {
        instances.delete(instanceKey(instance.region, instance.id));
        await server.dropDatabase(instance.physicalDatabase);
        changed();
      });
    },
    close: async () => {
      for (const cancel of cancels) cancel();
      replaying = false;
      await streaming.close();
    },
  };

  const streaming = await startStreaming(context, server, instances, {
    later,
    /** Promoted while it was paused, a standby replays first what it has received. */
    catchUp: async (instance) => {
      const from = instance.source && instances.get(instanceKey(instance.source.region, instance.source.id));
      if (from) await replay(from, instance, addedSeconds(clock.now(), -databases.lagSeconds));
    },
  });

  // Replicas replay what is older than their lag, as long as both Regions live.
  let replaying = true;
  const replayAll = async () => {
    for (const to of instances.values()) {
      const from = to.source && instances.get(instanceKey(to.source.region, to.source.id));
      const key = instanceKey(to.region, to.id);
      const silent = !from || to.detached || faults.regionDown(from.region) || faults.regionDown(to.region);
      if (!silent) silentSince.delete(key);
      else if (to.source && !silentSince.has(key)) silentSince.set(key, clock.now());
      if (!from || to.detached || faults.regionDown(to.region)) continue;
      if (to.replayPaused) {
        await streaming.tellBehind(to, true);
        continue;
      }
      // Nothing more comes from a Region that is down, so all that came is replayed.
      const alive = !faults.regionDown(from.region);
      const withheld = alive && (await replay(from, to, addedSeconds(clock.now(), -databases.lagSeconds)));
      if (!to.detached) await streaming.tellBehind(to, withheld);
    }
  };
  const beat = () => {
    if (!replaying) return;
    void replayAll()
      .catch((error) => replaying && context.log('replay failed', { error: String(error) }))
      .finally(() => setTimeout(beat, Math.max(shortestTurnMilliseconds, 1000 / clock.speed)).unref());
  };
  beat();
  return databases;
};

/** The same databases as RDS sees them: those that it does not run are not there. */
export const runByRds = (databases: Databases): Databases => {
  const isIts = (instance: Instance) => instance.runBy === 'rds';
  return Object.assign(Object.create(databases) as Databases, {
    all: () => databases.all().filter(isIts),
    find: (region: string, id: string) => {
      const found = databases.find(region, id);
      return found && isIts(found) ? found : undefined;
    },
  });
};

/** `<id>.<something of the account's>.<region>.rds.amazonaws.com`, as RDS makes them. */
const endpointOf = (id: string, region: string, account: string): string =>
  `${id}.c${createHash('sha256').update(`${account}/${region}`).digest('hex').slice(0, 11)}.${region}.rds.amazonaws.com`;

const resourceId = () => `db-${randomBytes(13).toString('hex').toUpperCase()}`;

/** What a database is reached by when its plan names no host. */
const hostBy: Record<RunBy, (id: string, region: string, account: string) => string> = {
  rds: endpointOf,
  // A cluster's own endpoint leads to its writer.
  aurora: (id, region, account) => endpointOf(id, region, account).replace('.c', '.cluster-c'),
  streaming: (id) => id.toLowerCase(),
  patroni: (id) => id.toLowerCase(),
};
