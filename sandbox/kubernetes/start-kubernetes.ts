import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Certificates } from '../certificates.ts';
import { listen } from '../listen.ts';
import type { SandboxContext, SandboxPart } from '../part.ts';
import { answerCluster, type Cluster } from './cluster-api.ts';
import { createClusterStore } from './cluster-store.ts';
import { startDeploymentController } from './deployment-controller.ts';
import { type Addresses, createOldValues } from './old-values.ts';
import { seedCluster } from './seed-cluster.ts';

/** One API server for each cluster that the plans name, and a kubeconfig with a context of that name for each. */
export const startKubernetes = async (
  context: SandboxContext,
  certificates: Certificates,
  addresses: Addresses,
): Promise<SandboxPart & { clusters: Cluster[] }> => {
  const clusters = new Map<string, Cluster>();
  const oldValue = createOldValues(addresses);
  for (const plan of context.plans) {
    for (const [place, { aws, kubernetes: name }] of Object.entries(plan.regions)) {
      if (!name) continue;
      const cluster = clusters.get(name) ?? createCluster(context, name, aws ?? place);
      clusters.set(name, cluster);
      seedCluster(cluster.store, plan, place, oldValue);
    }
  }

  const pair = await certificates.pairFor('127.0.0.1');
  const servers = await Promise.all(
    [...clusters.values()].map(async (cluster) => {
      const server = createServer(pair, (request, response) => void answerCluster(context, cluster, request, response));
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
    control: {},
    close: async () => {
      for (const { server } of servers) {
        server.closeAllConnections();
        await new Promise<void>((resolve) => server.close(() => resolve()));
      }
    },
  };
};

const createCluster = (context: SandboxContext, name: string, region: string): Cluster => {
  const store = createClusterStore(context.clock);
  const scaling = new Map<string, { replicas: number; visible(): void }[]>();
  startDeploymentController(context, store, (namespace, deployment, replicas) => {
    const key = `${namespace}/${deployment}`;
    for (const waiting of scaling.get(key) ?? []) if (waiting.replicas === replicas) waiting.visible();
  });
  return {
    name,
    region,
    token: randomBytes(20).toString('hex'),
    store,
    accepted(change, type, object) {
      const { namespace = '', name: objectName } = object.metadata;
      const resource = `kubernetes:${name}:${namespace}/${type.kind.toLowerCase()}/${objectName}`;
      const scaled = change === 'kubernetes:PatchDeploymentScale';
      const { visible } = context.ledger.accept(change, resource, scaled ? { replicas: object.spec.replicas } : {});
      // A scaled deployment is visible when its pods are ready; everything else at once.
      if (!scaled) return visible();
      const key = `${namespace}/${objectName}`;
      scaling.set(key, [...(scaling.get(key) ?? []), { replicas: object.spec.replicas, visible }]);
    },
  };
};
