import { createHash } from 'node:crypto';
import type { V1Job } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { defineAction, type LookContext } from '../../../define.ts';
import { redact } from '../../../redact.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Clusters } from '../client.ts';
import { change, clusterTarget, objectId, resolveCluster } from '../cluster-target.ts';
import { kubernetesFailure, statusOf } from '../errors.ts';
import { kubectlLine } from '../kubectl-line.ts';

const manifest = z.looseObject({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('Job'),
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
});
const input = z.strictObject({ ...clusterTarget, file: z.string(), manifest });
type Given = z.infer<typeof input>;

/** Which step made the Job. */
const madeBy = 'mayday/step';
const mostName = 63;
const mostLogs = 4000;
const lastLines = 20;

/** Runs a Job from a file beside the plan to its end, under a name of its own for each run. */
export const runJob = (clusters: Clusters) => {
  const read = async (given: Given, name: string, context: LookContext): Promise<V1Job | undefined> => {
    const { cluster, namespace } = given;
    try {
      return await clusters.apis(cluster, lookSignal(context)).batch.readNamespacedJob({ name, namespace });
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw kubernetesFailure(error, `get job ${name}`);
    }
  };
  /** What the newest pod of the Job printed last; empty when it cannot be had, as the Job's end is what counts. */
  const logsOf = async (given: Given, job: string, context: LookContext, lines?: number): Promise<string> => {
    const { cluster, namespace } = given;
    try {
      const { core } = clusters.apis(cluster, lookSignal(context));
      const { items } = await core.listNamespacedPod({ namespace, labelSelector: `job-name=${job}` });
      const newest = items.sort((one, other) => startOf(other) - startOf(one))[0]?.metadata?.name;
      if (!newest) return '';
      const text = await core.readNamespacedPodLog({ name: newest, namespace, tailLines: lines ?? 1000 });
      // Before it is cut: half of a secret is not known for one.
      return redact(String(text).trimEnd()).slice(-mostLogs);
    } catch (error) {
      context.log.warn(
        { job, error: kubernetesFailure(error, 'get logs').message },
        'the logs of a Job are not to be had',
      );
      return '';
    }
  };

  return defineAction({
    name: 'kubernetes/run-job',
    version: 1,
    summary: 'Run a Job',
    effect: 'change',
    with: z.strictObject({ cluster: z.string(), namespace: z.string(), file: z.string() }),
    resolve: (written, plan) => ({
      ...resolveCluster(plan, written.cluster, written.namespace),
      file: written.file,
      manifest: readJob(plan.file(written.file), written.file, written.namespace),
    }),
    input,
    targets: ['cluster', 'region', 'namespace', 'account', 'file', 'manifest'],
    output: z.object({ job: z.string(), logs: z.string() }),
    resources: (given) => [objectId(given, 'job', given.manifest.metadata.name)],
    changes: ['kubernetes:CreateJob'],
    permissions: ({ cluster, namespace }) =>
      ['get jobs', 'create jobs', 'list pods', 'get pods/log'].map((action) => ({
        system: 'rbac' as const,
        action,
        resource: `${cluster}/${namespace}`,
      })),
    expectedSeconds: 300,
    longestSeconds: 7200,
    repeat: 'by-look',
    reversible: {
      no: 'what a Job has done is not known here; the Job itself stays, with its logs, until somebody deletes it',
    },

    async observe(given, context) {
      const job = nameOf(given, context.key);
      const found = await read(given, job, context);
      if (!found) return { state: 'todo', seen: `there is no Job ${job} yet` };
      if (found.metadata?.annotations?.[madeBy] !== context.key) {
        return { state: 'impossible', seen: `a Job ${job} exists already, and this step did not make it` };
      }
      const holds = (type: string) =>
        found.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');
      if (holds('Complete')) {
        return {
          state: 'done',
          seen: `Job ${job} is complete`,
          output: { job, logs: await logsOf(given, job, context) },
        };
      }
      const failed = holds('Failed');
      if (failed) {
        const said = await logsOf(given, job, context, lastLines);
        const seen = `Job ${job} failed: ${failed.message ?? failed.reason ?? 'no reason given'}`;
        return {
          state: 'impossible',
          seen: said === '' ? `${seen}; it printed nothing` : `${seen}. It said last:\n${said}`,
        };
      }
      const { active = 0, failed: tries = 0 } = found.status ?? {};
      const seen = `Job ${job} runs: ${active} pods, ${tries} failed before`;
      return { state: 'changing', seen };
    },

    async act(given, context) {
      const { cluster, namespace, manifest: wanted } = given;
      const name = nameOf(given, context.key);
      const annotations = { ...(wanted.metadata['annotations'] as object | undefined), [madeBy]: context.key };
      const body = { ...wanted, metadata: { ...wanted.metadata, name, annotations } } as V1Job;
      const signal = await context.beforeChange();
      try {
        await clusters.apis(cluster, signal).batch.createNamespacedJob({ namespace, body });
      } catch (error) {
        throw kubernetesFailure(error, `create job ${name}`, true);
      }
      return { seen: `Job ${name} was created` };
    },

    preview: async (given) => [
      change(given, 'job', given.manifest.metadata.name, 'not run yet', `run to its end, as in ${given.file}`),
    ],
    command: (given) => kubectlLine(given, 'create', '--filename', `plans/${given.file}`),
  });
};

/** The manifest's name with something of the step's key behind it, within the length that labels may have. */
const nameOf = ({ manifest: { metadata } }: Given, key: string): string => {
  const stamp = createHash('sha256').update(key).digest('hex').slice(0, 8);
  return `${metadata.name.slice(0, mostName - stamp.length - 1)}-${stamp}`;
};

const startOf = (pod: { metadata?: { creationTimestamp?: Date } }): number =>
  new Date(pod.metadata?.creationTimestamp ?? 0).getTime();

const readJob = (text: string, file: string, namespace: string) => {
  const documents = parseAllDocuments(text).filter((document) => document.toJS() !== null);
  const [document] = documents;
  if (document === undefined || documents.length !== 1) throw new Error(`${file}: expected exactly one Job in it`);
  if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]!.message}`);
  const written = document.toJS() as { metadata?: { namespace?: string } };
  if (written.metadata?.namespace !== undefined && written.metadata.namespace !== namespace) {
    throw new Error(`${file}: the Job is for namespace ${written.metadata.namespace}, the step for ${namespace}`);
  }
  const read = manifest.safeParse({ ...written, metadata: { ...written.metadata, namespace } });
  if (!read.success) throw new Error(`${file}: expected a Job of batch/v1 with metadata.name`);
  return read.data;
};
