/** One kind of object that the clusters of the world know. */
export interface ResourceType {
  group: string;
  version: string;
  plural: string;
  kind: string;
  namespaced: boolean;
  /** Custom resources know no strategic merge patch. */
  custom: boolean;
}

const core = (plural: string, kind: string, namespaced = true): ResourceType => ({
  group: '',
  version: 'v1',
  plural,
  kind,
  namespaced,
  custom: false,
});
const inGroup = (group: string, plural: string, kind: string, version = 'v1'): ResourceType => ({
  group,
  version,
  plural,
  kind,
  namespaced: true,
  custom: false,
});
const monitoring = (plural: string, kind: string): ResourceType => ({
  group: 'monitoring.coreos.com',
  version: 'v1',
  plural,
  kind,
  namespaced: true,
  custom: true,
});

export const resourceTypes: ResourceType[] = [
  core('namespaces', 'Namespace', false),
  core('nodes', 'Node', false),
  core('pods', 'Pod'),
  core('services', 'Service'),
  core('secrets', 'Secret'),
  core('configmaps', 'ConfigMap'),
  core('serviceaccounts', 'ServiceAccount'),
  core('persistentvolumeclaims', 'PersistentVolumeClaim'),
  inGroup('apps', 'deployments', 'Deployment'),
  inGroup('apps', 'replicasets', 'ReplicaSet'),
  inGroup('apps', 'statefulsets', 'StatefulSet'),
  inGroup('apps', 'daemonsets', 'DaemonSet'),
  inGroup('batch', 'jobs', 'Job'),
  inGroup('batch', 'cronjobs', 'CronJob'),
  inGroup('networking.k8s.io', 'ingresses', 'Ingress'),
  inGroup('networking.k8s.io', 'networkpolicies', 'NetworkPolicy'),
  inGroup('policy', 'poddisruptionbudgets', 'PodDisruptionBudget'),
  inGroup('autoscaling', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', 'v2'),
  monitoring('servicemonitors', 'ServiceMonitor'),
  monitoring('podmonitors', 'PodMonitor'),
  monitoring('prometheusrules', 'PrometheusRule'),
];

export const apiVersionOf = (type: ResourceType) => (type.group ? `${type.group}/${type.version}` : type.version);

/** The discovery documents that clients read before they dare anything. */
export const discovery = (path: string): object | undefined => {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  const groups = [...new Set(resourceTypes.map((type) => type.group).filter(Boolean))];
  const versionOf = (group: string) => resourceTypes.find((type) => type.group === group)!.version;
  if (path === '/apis') {
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: groups.map((name) => {
        const version = { groupVersion: `${name}/${versionOf(name)}`, version: versionOf(name) };
        return { name, versions: [version], preferredVersion: version };
      }),
    };
  }
  const group = path === '/api/v1' ? '' : groups.find((name) => path === `/apis/${name}/${versionOf(name)}`);
  if (group === undefined) return undefined;
  const resources = resourceTypes
    .filter((type) => type.group === group)
    .flatMap((type) => {
      const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
      const own = {
        name: type.plural,
        singularName: type.kind.toLowerCase(),
        namespaced: type.namespaced,
        kind: type.kind,
        verbs,
      };
      if (type.plural !== 'deployments') return [own];
      const scale = {
        name: 'deployments/scale',
        singularName: '',
        namespaced: true,
        group: 'autoscaling',
        version: 'v1',
      };
      return [own, { ...scale, kind: 'Scale', verbs: ['get', 'patch', 'update'] }];
    });
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group ? `${group}/${versionOf(group)}` : 'v1',
    resources,
  };
};
