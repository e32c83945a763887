import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { messageOf } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Clusters } from '../client.ts';
import { kubernetesFailure } from '../errors.ts';

/** Whether a cluster's API server answers. */
export const answers = (clusters: Clusters) =>
  defineCheck({
    name: 'kubernetes/answers',
    version: 1,
    summary: 'Does the cluster answer?',
    with: z.strictObject({ cluster: z.string() }),
    resolve(written, plan) {
      const { kubernetes } = plan.region(written.cluster);
      if (!kubernetes) throw new Error(`place ${written.cluster} has no cluster (kubernetes:) under regions`);
      return { cluster: kubernetes };
    },
    input: z.strictObject({ cluster: z.string() }),
    facts: { version: 'string' },
    permissions: ({ cluster }) => [{ system: 'rbac', action: 'get /version', resource: cluster }],
    expectedSeconds: 1,
    async ask({ cluster }, context) {
      try {
        const { gitVersion } = await clusters.apis(cluster, lookSignal(context)).version.getCode();
        return {
          answer: 'yes',
          because: `${cluster} answers, Kubernetes ${gitVersion}`,
          facts: { version: gitVersion },
        };
      } catch (error) {
        const failure = kubernetesFailure(error, 'get /version');
        // A missing context is a fault of ours and says nothing of the cluster.
        if (failure.code === 'config/invalid') return { answer: 'unknown', because: failure.message };
        return { answer: 'no', because: `${cluster} does not answer: ${messageOf(failure)}` };
      }
    },
    command: ({ cluster }) => `kubectl --context ${cluster} version`,
  });
