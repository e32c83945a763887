import { createClusters } from './client.ts';
import type { KubernetesSettings } from './config.ts';
import { kubernetesFailure } from './errors.ts';

/** One thing that somebody wants to do in a cluster, as RBAC names it. */
export interface Access {
  verb: string;
  /** `deployments`, or `deployments/scale`; a path such as `/version` for what is no resource. */
  resource: string;
  group: string;
  namespace?: string;
  name?: string;
}

/** Which of these the cluster would refuse us. It is asked, nothing is tried: everybody may ask about themselves. */
export const refusedAccess = async (
  settings: KubernetesSettings,
  cluster: string,
  wanted: readonly Access[],
  signal: AbortSignal,
): Promise<Access[]> => {
  const clusters = createClusters(settings);
  try {
    const { authorization } = clusters.apis(cluster, signal);
    const answers = await Promise.all(
      wanted.map(async (access) => {
        const [resource, subresource] = access.resource.split('/');
        const { verb, group, namespace, name } = access;
        const spec = access.resource.startsWith('/')
          ? { nonResourceAttributes: { path: access.resource, verb } }
          : { resourceAttributes: { verb, group, resource, subresource, namespace, name } };
        const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec };
        const { status } = await authorization.createSelfSubjectAccessReview({ body });
        return status?.allowed === true ? [] : [access];
      }),
    );
    return answers.flat();
  } catch (error) {
    throw kubernetesFailure(error, 'SelfSubjectAccessReview');
  } finally {
    await clusters.close();
  }
};
