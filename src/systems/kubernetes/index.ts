import type { System, SystemTools } from '../../define.ts';
import { apply } from './actions/apply.ts';
import { deletePod } from './actions/delete-pod.ts';
import { growVolume } from './actions/grow-volume.ts';
import { patch } from './actions/patch.ts';
import { patchConfigMap } from './actions/patch-configmap.ts';
import { patchSecret } from './actions/patch-secret.ts';
import { restart } from './actions/restart.ts';
import { runJob } from './actions/run-job.ts';
import { scale } from './actions/scale.ts';
import { setConfigMap } from './actions/set-configmap.ts';
import { setEnv } from './actions/set-env.ts';
import { answers } from './checks/answers.ts';
import { exec } from './checks/exec.ts';
import { podsReady } from './checks/pods-ready.ts';
import { rolloutDone } from './checks/rollout-done.ts';
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
      deletePod(clusters),
      growVolume(clusters),
      patch(clusters),
      patchConfigMap(clusters),
      patchSecret(clusters),
      restart(clusters),
      runJob(clusters),
      scale(clusters),
      setConfigMap(clusters),
      setEnv(clusters),
    ],
    checks: [answers(clusters), exec(clusters), podsReady(clusters), rolloutDone(clusters)],
    kinds: [kubernetesDeployments(clusters)],
    close: () => clusters.close(),
  };
};
