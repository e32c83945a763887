/** API versions of the usual kinds, so that plans may name them as `kubectl` lets people do. */
const usual: Record<string, string> = {
  Pod: 'v1',
  Service: 'v1',
  ConfigMap: 'v1',
  Secret: 'v1',
  ServiceAccount: 'v1',
  PersistentVolumeClaim: 'v1',
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  ReplicaSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
  Ingress: 'networking.k8s.io/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  ServiceMonitor: 'monitoring.coreos.com/v1',
  PodMonitor: 'monitoring.coreos.com/v1',
  PrometheusRule: 'monitoring.coreos.com/v1',
};

/** `deployment`, or `<group>/<version>/<Kind>` for kinds of one's own. */
export const readKind = (written: string): { apiVersion: string; kind: string } => {
  const parts = written.split('/');
  const kind = parts.pop()!;
  if (parts.length > 0) return { apiVersion: parts.join('/'), kind };
  const known = Object.keys(usual).find((name) => name.toLowerCase() === kind.toLowerCase());
  if (known) return { apiVersion: usual[known]!, kind: known };
  throw new Error(
    `kind ${written} is not one of ${Object.keys(usual).join(', ')}; write any other as group/version/Kind, such as cilium.io/v2/CiliumNetworkPolicy`,
  );
};

/** Kinds that stand beside namespaces and not in one. */
export const clusterKinds = new Set([
  'Namespace',
  'Node',
  'PersistentVolume',
  'StorageClass',
  'PriorityClass',
  'IngressClass',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
]);

/** `persistentvolumeclaims`, as permissions spell a kind. */
export const pluralOf = (kind: string): string => {
  const name = kind.toLowerCase();
  if (/(s|x|ch|sh)$/.test(name)) return `${name}es`;
  return /[^aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`;
};
