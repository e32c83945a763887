import type { AutoScalingGroup } from './aws/auto-scaling.ts';
import type { EcsService } from './aws/ecs.ts';
import type { CacheGroup } from './aws/elasticache.ts';
import type { HostedZones } from './aws/hosted-zones.ts';
import type { Bucket } from './aws/s3.ts';
import type { Databases } from './databases/databases.ts';
import type { Cluster } from './kubernetes/cluster-api.ts';
import type { KubernetesObject } from './kubernetes/cluster-store.ts';
import { resourceTypes } from './kubernetes/resource-types.ts';
import type { SandboxContext } from './part.ts';

export interface World {
  databases: Databases;
  groups: CacheGroup[];
  services: EcsService[];
  autoScalingGroups: AutoScalingGroup[];
  zones: HostedZones;
  cloudflare(): object[];
  buckets: Bucket[];
  clusters: Cluster[];
}

/** The whole state of the world as JSON: what a test or the demo compares, never what the bot believes. */
export const describeWorld = (context: SandboxContext, world: World) => ({
  now: context.clock.now().toISOString(),
  regionsDown: context.faults.list().flatMap((fault) => (fault.kind === 'region-down' ? [fault.region] : [])),
  instances: world.databases.all().map((one) => ({
    id: one.id,
    region: one.region,
    status: one.status,
    role: one.source ? 'replica' : 'primary',
    source: one.source?.id,
    writable: one.writable,
    replayPaused: one.replayPaused,
    endpoint: one.endpoint,
    zone: one.availabilityZone,
  })),
  groups: world.groups.map(({ id, region, status, replicas, endpoint }) => ({
    id,
    region,
    status,
    replicas,
    endpoint,
  })),
  records: world.zones.all().flatMap((zone) => zone.sets.map((set) => ({ zone: zone.id, ...set }))),
  services: world.services.map(({ region, cluster, name, desired, running }) => ({
    region,
    cluster,
    name,
    desired,
    running,
  })),
  autoScalingGroups: world.autoScalingGroups.map(({ name, region, desired, instances }) => ({
    name,
    region,
    desired,
    running: instances.filter(({ state }) => state === 'running').length,
  })),
  cloudflareRecords: world.cloudflare(),
  buckets: world.buckets.map(({ name, region, objects, replicatesTo }) => ({
    name,
    region,
    objects: objects.size,
    replicatesTo,
  })),
  clusters: Object.fromEntries(world.clusters.map((cluster) => [cluster.name, describeCluster(cluster)])),
});

const describeCluster = (cluster: Cluster) => {
  const all = (kind: string) => cluster.store.list(resourceTypes.find((type) => type.kind === kind)!);
  const keyed = <T>(objects: KubernetesObject[], view: (object: KubernetesObject) => T) =>
    Object.fromEntries(objects.map((object) => [`${object.metadata.namespace}/${object.metadata.name}`, view(object)]));
  return {
    region: cluster.region,
    deployments: keyed(all('Deployment'), ({ spec, status }) => ({
      replicas: spec?.replicas ?? 0,
      ready: status?.readyReplicas ?? 0,
    })),
    secrets: keyed(all('Secret'), ({ data }) =>
      Object.fromEntries(
        Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
      ),
    ),
    configMaps: keyed(all('ConfigMap'), ({ data }) => data ?? {}),
    environment: keyed(all('Deployment'), ({ spec }) => {
      const containers: { name: string; env?: { name: string; value?: string }[] }[] =
        spec?.template?.spec?.containers ?? [];
      return Object.fromEntries(
        containers.flatMap(({ name, env = [] }) => env.map((one) => [`${name} ${one.name}`, one.value])),
      );
    }),
    workloads: keyed([...all('StatefulSet'), ...all('DaemonSet')], ({ kind, spec, status }) => ({
      kind,
      replicas: spec?.replicas ?? 0,
      ready: status?.readyReplicas ?? 0,
    })),
    claims: keyed(all('PersistentVolumeClaim'), ({ status }) => status?.capacity?.storage),
    jobs: keyed(all('Job'), ({ status }) => status?.conditions?.[0]?.type ?? 'running'),
    applied: keyed([...all('ServiceMonitor'), ...all('PrometheusRule')], ({ kind, spec }) => ({ kind, spec })),
  };
};
