import type { EcsService } from '../aws/ecs.ts';
import type { Databases } from '../databases/databases.ts';
import type { Instance } from '../databases/instance.ts';
import { quote } from '../databases/server.ts';
import type { Cluster } from '../kubernetes/cluster-api.ts';
import { resourceTypes } from '../kubernetes/resource-types.ts';
import { mentionsOf } from '../mentions.ts';
import type { SandboxContext } from '../part.ts';
import type { WorldPlan } from '../world-plan.ts';

const typeOf = (plural: string) => resourceTypes.find((type) => type.plural === plural)!;
/** Kinds of components that the application writes to, and where their name stands when it is not the place's. */
const hostsByKind: Record<string, string | undefined> = {
  'rds-postgresql': undefined,
  'aurora-global': undefined,
  'postgres-streaming': undefined,
  'patroni-cluster': 'host',
};
/** However fast the world goes, it is no more than a part of what the machine does. */
const shortestTurnMilliseconds = 100;
/** An ordinary row for every so many heartbeats. */
const secondsPerRow = 15;

/** The protected application: whether it works in a place, and what it writes while it does. */
export interface Application {
  state(plan: WorldPlan, place: string): { works: true } | { works: false; dead: boolean; reason: string };
  /** Whether a place could take over: its pods and tasks run. A standby's database need not take writes for that. */
  ready(plan: WorldPlan, place: string): { works: true } | { works: false; dead: boolean; reason: string };
  close(): void;
}

const isWrittenTo = (component: WorldPlan['components'][string]): boolean =>
  component.kind in hostsByKind && component[hostsByKind[component.kind] ?? 'kind'] !== undefined;

export const startApplication = (
  context: SandboxContext,
  databases: Databases,
  clusters: Cluster[],
  services: EcsService[],
): Application => {
  const { clock, faults } = context;

  const clusterOf = (plan: WorldPlan, place: string) =>
    clusters.find((cluster) => cluster.name === plan.regions[place]?.kubernetes);

  const podsMissing = (plan: WorldPlan, cluster: Cluster): string | undefined => {
    for (const component of Object.values(plan.components)) {
      if (component.kind !== 'kubernetes-deployments') continue;
      for (const name of Object.keys(component['deployments'] ?? {})) {
        const found = cluster.store.find(typeOf('deployments'), component['namespace'] ?? 'default', name);
        if (!found?.status?.readyReplicas) return `${name} has no ready pods`;
      }
    }
    return undefined;
  };

  const tasksMissing = (plan: WorldPlan, place: string): string | undefined => {
    for (const [name, component] of Object.entries(plan.components)) {
      if (component.kind !== 'ecs-service' || !component[place]) continue;
      const region = plan.regions[place]?.aws ?? place;
      const found = services.find((one) => one.component === name && one.region === region);
      if (!found?.running) return `${name} has no running tasks`;
    }
    return undefined;
  };

  /** The hosts that the place's Secrets name; the application goes by them and by nothing else. */
  const databaseHosts = (plan: WorldPlan, cluster: Cluster): string[] => {
    const secrets = mentionsOf(plan).filter(
      ({ with: given }) => given['secret'] && given['data']?.['host'] !== undefined,
    );
    const names = new Set(secrets.map(({ with: given }) => `${given['namespace']} ${given['secret']}`));
    return [...names].flatMap((pair) => {
      const [namespace, name] = pair.split(' ') as [string, string];
      const host = cluster.store.find(typeOf('secrets'), namespace, name)?.data?.['host'];
      return host ? [Buffer.from(host, 'base64').toString('utf8')] : [];
    });
  };

  const databasesOf = (plan: WorldPlan, place: string): (Instance | undefined)[] => {
    const cluster = clusterOf(plan, place);
    const hosts = cluster ? databaseHosts(plan, cluster) : [];
    if (hosts.length > 0) return hosts.map((host) => databases.byHost(host));
    // Without a Secret that says so, the application is taken to use the instance of its own place.
    return Object.values(plan.components)
      .filter((component) => component[place] !== undefined && isWrittenTo(component))
      .map((component) =>
        databases.find(plan.regions[place]?.aws ?? place, component[hostsByKind[component.kind] ?? place]),
      );
  };

  const ready: Application['ready'] = (plan, place) => {
    const region = plan.regions[place]?.aws ?? place;
    if (faults.regionDown(region)) return { works: false, dead: true, reason: `${region} is down` };
    const cluster = clusterOf(plan, place);
    const missing = (cluster && podsMissing(plan, cluster)) ?? tasksMissing(plan, place);
    return missing ? { works: false, dead: false, reason: missing } : { works: true };
  };

  const state: Application['state'] = (plan, place) => {
    const could = ready(plan, place);
    if (!could.works) return could;
    for (const instance of databasesOf(plan, place)) {
      const usable =
        instance?.writable && instance.open && !instance.unconnected && !faults.regionDown(instance.region);
      if (!usable) return { works: false, dead: false, reason: 'the database accepts no writes' };
    }
    return { works: true };
  };

  let writtenUpTo = new Date(Math.floor(clock.now().getTime() / 1000) * 1000);
  let running = true;
  const write = async () => {
    const from = writtenUpTo;
    const to = clock.now();
    if (to.getTime() - from.getTime() < 1000) return;
    const seconds = Math.floor((to.getTime() - from.getTime()) / 1000);
    writtenUpTo = new Date(from.getTime() + seconds * 1000);
    const targets = new Set<Instance>();
    for (const plan of context.plans) {
      for (const place of plan.prefer) {
        if (!state(plan, place).works) continue;
        for (const instance of databasesOf(plan, place)) if (instance) targets.add(instance);
      }
    }
    for (const instance of targets) {
      const pool = databases.server.pool(instance.physicalDatabase);
      for (const table of instance.tables) {
        const step = table.heartbeat ? 1 : secondsPerRow;
        // Whole multiples of the step, so that rows come evenly however long a turn took; often there is none.
        const steps = (at: Date) => Math.floor(at.getTime() / 1000 / step);
        if (steps(writtenUpTo) === steps(from)) continue;
        await pool.query({
          name: `write ${table.name}`,
          text: `INSERT INTO ${quote(table.name)} (${quote(table.column)})
           SELECT to_timestamp(s) FROM generate_series(
             ceil((extract(epoch FROM $1::timestamptz) + 0.001) / $3::int) * $3::int,
             extract(epoch FROM $2::timestamptz), $3::int) s
           WHERE NOT ${isFenced}`,
          values: [from.toISOString(), writtenUpTo.toISOString(), step],
        });
      }
    }
  };
  // It writes as the server's owner, whom nothing refuses; so it asks whether its own role would be let in to write.
  const isFenced = `EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
    WHERE d.datname = current_database() AND s.setrole = 0 AND 'default_transaction_read_only=on' = ANY (s.setconfig))`;
  const turn = () => {
    if (!running) return;
    void write()
      .catch((error) => running && context.log('the application could not write', { error: String(error) }))
      .finally(() => setTimeout(turn, Math.max(shortestTurnMilliseconds, 1000 / clock.speed)).unref());
  };
  turn();
  return {
    state,
    ready,
    close: () => {
      running = false;
    },
  };
};
