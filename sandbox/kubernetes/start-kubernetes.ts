import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Certificates } from '../certificates.ts';
import { listen } from '../listen.ts';
import type { SandboxContext, SandboxPart } from '../part.ts';
import { matchesLabels } from './api-request.ts';
import { answerCluster, type Cluster } from './cluster-api.ts';
import { createClusterStore, type KubernetesObject } from './cluster-store.ts';
import { startDeploymentController } from './deployment-controller.ts';
import { createExec, type RunCommand } from './exec.ts';
import { startJobController } from './job-controller.ts';
import { type Addresses, createOldValues } from './old-values.ts';
import { startPodController } from './pod-controller.ts';
import { podStatus, setPodStatus, typeOf } from './pods.ts';
import { seedCluster } from './seed-cluster.ts';
import { startStatefulSetController } from './stateful-set-controller.ts';
import { startVolumeController } from './volume-controller.ts';

/** A Job has completed in the cluster of that name. */
export type JobDone = (cluster: string, job: KubernetesObject) => void;

/** One API server for each cluster that the plans name, and a kubeconfig with a context of that name for each. */
export const startKubernetes = async (
  context: SandboxContext,
  certificates: Certificates,
  addresses: Addresses,
): Promise<
  SandboxPart & { clusters: Cluster[]; answerCommands(run: RunCommand): void; whenDone(tell: JobDone): void }
> => {
  const clusters = new Map<string, Cluster>();
  const oldValue = createOldValues(addresses);
  let jobDone: JobDone = () => {};
  const printed = { text: '' };
  for (const plan of context.plans) {
    for (const [place, { aws, kubernetes: name }] of Object.entries(plan.regions)) {
      if (!name) continue;
      const cluster =
        clusters.get(name) ?? createCluster(context, name, aws ?? place, (job) => jobDone(name, job), printed);
      clusters.set(name, cluster);
      seedCluster(cluster.store, plan, place, oldValue);
    }
  }

  // What containers answer is known only when what runs in them is.
  let run: RunCommand = () => ({ code: 0, stdout: '' });
  const commands: { cluster: string; pod: string; command: string[] }[] = [];
  const exec = createExec(context, (cluster, pod, command) => {
    commands.push({ cluster: cluster.name, pod: pod.metadata.name, command });
    const answer = run(cluster, pod, command);
    return printed.text === '' ? answer : { ...answer, stdout: `${answer.stdout}${printed.text}\n` };
  });
  const pair = await certificates.pairFor('127.0.0.1');
  const servers = await Promise.all(
    [...clusters.values()].map(async (cluster) => {
      const server = createServer(pair, (request, response) => void answerCluster(context, cluster, request, response));
      server.on('upgrade', (request, socket, head) => exec(cluster, request, socket, head));
      return { cluster, server, port: await listen(server) };
    }),
  );
  const path = join(certificates.directory, 'kubeconfig.yaml');
  const ca = Buffer.from(certificates.authority).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: servers.map(({ cluster, port }) => ({
      name: cluster.name,
      cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': ca },
    })),
    users: servers.map(({ cluster }) => ({ name: cluster.name, user: { token: cluster.token } })),
    contexts: servers.map(({ cluster: { name } }) => ({ name, context: { cluster: name, user: name } })),
    'current-context': servers[0]?.cluster.name ?? '',
  };
  writeFileSync(path, stringify(config), { mode: 0o600 });
  return {
    name: 'kubernetes',
    clusters: [...clusters.values()],
    environment: { KUBECONFIG: path },
    control: {
      'POST /kubernetes/unready': ({ body }) => makeUnready([...clusters.values()], body),
      /** What every container prints besides, from now on; as careless programs do. */
      'POST /kubernetes/prints': ({ body }) => {
        printed.text = String(body.text ?? '');
        return { ok: true };
      },
      /** As somebody who edits the role. */
      'POST /kubernetes/deny': ({ body }) => {
        const cluster = clusters.get(String(body.cluster));
        if (!cluster) throw new Error(`no cluster ${body.cluster}`);
        cluster.denied.push({ verb: String(body.verb), resource: String(body.resource) });
        return { ok: true };
      },
      /** What was run inside containers, oldest first. */
      'GET /kubernetes/commands': () => commands,
    },
    answerCommands: (given) => {
      run = given;
    },
    whenDone: (tell) => {
      jobDone = tell;
    },
    close: async () => {
      for (const { server } of servers) {
        server.closeAllConnections();
        await new Promise<void>((resolve) => server.close(() => resolve()));
      }
    },
  };
};

const createCluster = (
  context: SandboxContext,
  name: string,
  region: string,
  jobDone: (job: KubernetesObject) => void,
  printed: { text: string },
): Cluster => {
  const store = createClusterStore(context.clock);
  const logs = new Map<string, string>();
  const waiting = new Map<string, { fits(object: KubernetesObject): boolean; visible(): void }[]>();
  const keyOf = (object: KubernetesObject) => `${object.kind}/${object.metadata.namespace}/${object.metadata.name}`;
  const settled = (object: KubernetesObject) => {
    for (const one of waiting.get(keyOf(object)) ?? []) if (one.fits(object)) one.visible();
  };
  const deployments = startDeploymentController(context, store, (_kind, object) => settled(object));
  const statefulSets = startStatefulSetController(context, store, (_kind, object) => settled(object));
  startPodController(context, store, (pod) => {
    deployments.podChanged(pod);
    statefulSets.podChanged(pod);
  });
  startJobController(context, store, { logs, printed }, (job) => {
    const { namespace, name: jobName } = job.metadata;
    if (store.get(typeOf('jobs'), namespace, jobName).status?.succeeded) jobDone(job);
    settled(job);
  });
  startVolumeController(context, store, settled);
  return {
    name,
    region,
    token: randomBytes(20).toString('hex'),
    denied: [],
    store,
    logs,
    accepted(change, type, object) {
      const { namespace = '', name: objectName } = object.metadata;
      const resource = `kubernetes:${name}:${namespace}/${type.kind.toLowerCase()}/${objectName}`;
      const scaled = change === 'kubernetes:PatchDeploymentScale';
      const { visible } = context.ledger.accept(change, resource, scaled ? { replicas: object.spec.replicas } : {});
      // A workload is visible when its pods are ready, a Job when it is over; everything else at once.
      const { generation = 1 } = object.metadata;
      const late = scaled || object.kind === 'Job' || generation > (object.status?.observedGeneration ?? generation);
      const grows =
        object.kind === 'PersistentVolumeClaim' &&
        object.status?.capacity?.storage !== object.spec?.resources?.requests?.storage;
      if (!late && !grows) return visible();
      const fits = (found: KubernetesObject) =>
        scaled ? found.spec.replicas === object.spec.replicas : (found.metadata.generation ?? 1) >= generation;
      waiting.set(keyOf(object), [...(waiting.get(keyOf(object)) ?? []), { fits, visible }]);
    },
  };
};

/** As a container does that crashes: the pod is there, and is not ready. */
const makeUnready = (clusters: Cluster[], body: any): object => {
  const cluster = clusters.find(({ name }) => name === body.cluster);
  if (!cluster) throw new Error(`no cluster ${body.cluster}`);
  const pods = cluster.store
    .list(typeOf('pods'), body.namespace)
    .filter(
      (pod) => pod.metadata.name === body.pod || matchesLabels(pod.metadata.labels ?? {}, body.selector ?? 'none'),
    )
    .slice(0, body.count);
  if (pods.length === 0) throw new Error('no pod is called so, or has such labels');
  for (const pod of pods) setPodStatus(cluster.store, pod, podStatus(false, 'Running'));
  return { pods: pods.map(({ metadata }) => metadata.name) };
};
