import { ApiError } from './api-error.ts';
import { matchesLabels } from './api-request.ts';
import type { KubernetesObject } from './cluster-store.ts';
import { quantityOf } from './quantity.ts';
import type { ResourceType } from './resource-types.ts';

/** What the API server refuses in workloads and claims, in its own words. */
export const validateWorkload = (
  type: ResourceType,
  next: KubernetesObject,
  stored: KubernetesObject | undefined,
): void => {
  const invalid = (words: string) =>
    new ApiError(
      422,
      'Invalid',
      `${type.kind}${type.group ? `.${type.group}` : ''} "${next.metadata.name}" is invalid: ${words}`,
    );
  if (['deployments', 'statefulsets', 'daemonsets'].includes(type.plural)) {
    const wanted: Record<string, string> | undefined = next.spec?.selector?.matchLabels;
    if (!wanted) throw invalid('spec.selector: Required value');
    const selector = Object.entries(wanted).map(([key, value]) => `${key}=${value}`);
    const labels = next.spec?.template?.metadata?.labels ?? {};
    if (!matchesLabels(labels, selector.join(',')))
      throw invalid(
        `spec.template.metadata.labels: Invalid value: ${JSON.stringify(labels)}: \`selector\` does not match template \`labels\``,
      );
    if (stored && JSON.stringify(stored.spec?.selector) !== JSON.stringify(next.spec?.selector))
      throw invalid(`spec.selector: Invalid value: ${JSON.stringify(next.spec.selector)}: field is immutable`);
    checkContainers(next.spec?.template?.spec, invalid);
  }
  if (type.plural === 'jobs') {
    checkContainers(next.spec?.template?.spec, invalid);
    if (!['OnFailure', 'Never'].includes(next.spec?.template?.spec?.restartPolicy))
      throw invalid('spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"');
    if (stored && JSON.stringify(stored.spec?.template) !== JSON.stringify(next.spec?.template))
      throw invalid('spec.template: Invalid value: field is immutable');
  }
  if (type.plural === 'persistentvolumeclaims') {
    const size = quantityOf(next.spec?.resources?.requests?.storage);
    if (size === undefined) throw invalid('spec.resources[storage]: Required value');
    const had = quantityOf(stored?.status?.capacity?.storage ?? stored?.spec?.resources?.requests?.storage);
    if (had !== undefined && size < had)
      throw invalid('spec.resources.requests.storage: Forbidden: field can not be less than status.capacity');
  }
};

const checkContainers = (spec: any, invalid: (words: string) => ApiError): void => {
  const containers: any[] = spec?.containers ?? [];
  if (containers.length === 0) throw invalid('spec.template.spec.containers: Required value');
  for (const [at, container] of containers.entries()) {
    const path = `spec.template.spec.containers[${at}]`;
    if (!container.name) throw invalid(`${path}.name: Required value`);
    if (!container.image) throw invalid(`${path}.image: Required value`);
    for (const [number, variable] of (container.env ?? []).entries()) {
      if (variable.value && variable.valueFrom)
        throw invalid(
          `${path}.env[${number}].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`,
        );
    }
  }
};
