import { z } from 'zod';

/** Settings of Kubernetes. Every cluster that a plan names is a context of this file. */
export const kubernetesSettings = z.object({
  KUBECONFIG: z.string().min(1).optional(),
});

export type KubernetesSettings = z.infer<typeof kubernetesSettings>;
