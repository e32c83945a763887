import type { System, SystemTools } from '../../define.ts';
import { apply } from './actions/apply.ts';
import { patchConfigMap } from './actions/patch-configmap.ts';
import { patchSecret } from './actions/patch-secret.ts';
import { scale } from './actions/scale.ts';
import { setConfigMap } from './actions/set-configmap.ts';
import { answers } from './checks/answers.ts';
import { podsReady } from './checks/pods-ready.ts';
import { createClusters } from './client.ts';
import type { KubernetesSettings } from './config.ts';
import { kubernetesDeployments } from './kinds/kubernetes-deployments.ts';

export { type KubernetesSettings, kubernetesSettings } from './config.ts';

export const createKubernetes = (settings: KubernetesSettings, _tools: SystemTools): System => {
  const clusters = createClusters(settings);
  return {
    name: 'kubernetes',
    actions: [
      apply(clusters),
      patchConfigMap(clusters),
      patchSecret(clusters),
      scale(clusters),
      setConfigMap(clusters),
    ],
    checks: [answers(clusters), podsReady(clusters)],
    kinds: [kubernetesDeployments(clusters)],
    close: () => clusters.close(),
  };
};
