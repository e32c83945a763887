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
  { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true, custom: false },
  monitoring('servicemonitors', 'ServiceMonitor'),
  monitoring('podmonitors', 'PodMonitor'),
  monitoring('prometheusrules', 'PrometheusRule'),
];

export const apiVersionOf = (type: ResourceType) => (type.group ? `${type.group}/${type.version}` : type.version);

/** The discovery documents that clients read before they dare anything. */
export const discovery = (path: string): object | undefined => {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  const groups = [...new Set(resourceTypes.map((type) => type.group).filter(Boolean))];
  if (path === '/apis') {
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: groups.map((name) => {
        const version = { groupVersion: `${name}/v1`, version: 'v1' };
        return { name, versions: [version], preferredVersion: version };
      }),
    };
  }
  const group = path === '/api/v1' ? '' : groups.find((name) => path === `/apis/${name}/v1`);
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
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: group ? `${group}/v1` : 'v1', resources };
};
