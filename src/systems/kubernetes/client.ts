import type {
  AppsV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  Configuration,
  CoreV1Api,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  RequestContext,
  ResponseContext,
  VersionApi,
} from '@kubernetes/client-node';
import { MaydayError } from '../../errors.ts';
import type { KubernetesSettings } from './config.ts';
import { kubernetesSdk } from './sdk.ts';

/** The APIs of one cluster, every call of which ends when the signal fires. */
export interface ClusterApis {
  apps: AppsV1Api;
  authorization: AuthorizationV1Api;
  batch: BatchV1Api;
  core: CoreV1Api;
  objects: KubernetesObjectApi;
  version: VersionApi;
}

export interface Clusters {
  /** `cluster` is the name of a context in the kubeconfig. */
  apis(cluster: string, signal: AbortSignal): ClusterApis;
  /** Runs commands in containers; each goes over a WebSocket of its own. */
  exec(cluster: string): Exec;
  close(): Promise<void>;
}

/** Reads the kubeconfig when a cluster is first needed. */
export const createClusters = (settings: KubernetesSettings): Clusters => {
  const configs = new Map<string, KubeConfig>();
  const kept = new Map<string, KeptConnections>();
  const load = (cluster: string): KubeConfig => {
    const known = configs.get(cluster);
    if (known) return known;
    const config = new (kubernetesSdk().KubeConfig)();
    if (settings.KUBECONFIG) config.loadFromFile(settings.KUBECONFIG);
    else config.loadFromDefault();
    const contexts = config.getContexts().map(({ name }) => name);
    if (!contexts.includes(cluster)) {
      throw new MaydayError(
        'config/invalid',
        `the kubeconfig has no context ${cluster}; it has ${contexts.join(', ') || 'none'}`,
      );
    }
    config.setCurrentContext(cluster);
    configs.set(cluster, config);
    kept.set(cluster, new KeptConnections());
    return config;
  };
  return {
    apis(cluster, signal) {
      const config = load(cluster);
      const configuration = configurationOf(config, kept.get(cluster)!, signal);
      return {
        apps: new (kubernetesSdk().AppsV1Api)(configuration),
        authorization: new (kubernetesSdk().AuthorizationV1Api)(configuration),
        batch: new (kubernetesSdk().BatchV1Api)(configuration),
        core: new (kubernetesSdk().CoreV1Api)(configuration),
        objects: new (kubernetesSdk().KubernetesObjectApi)(configuration),
        version: new (kubernetesSdk().VersionApi)(configuration),
      };
    },
    exec: (cluster) => new (kubernetesSdk().Exec)(load(cluster)),
    async close() {
      await Promise.allSettled([...kept.values()].map((connections) => connections.close()));
    },
  };
};

const configurationOf = (config: KubeConfig, kept: KeptConnections, signal: AbortSignal): Configuration => {
  const server = config.getCurrentCluster()?.server;
  if (!server) throw new MaydayError('config/invalid', `context ${config.getCurrentContext()} names no cluster`);
  return kubernetesSdk().createConfiguration({
    baseServer: new (kubernetesSdk().ServerConfiguration)(server, {}),
    authMethods: { default: config },
    promiseMiddleware: [
      {
        pre: async (request: RequestContext) => {
          request.setSignal(signal);
          kept.share(request);
          return request;
        },
        post: async (response: ResponseContext) => response,
      },
    ],
  });
};

type Connections = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

/** Long enough to serve the calls of one run, short enough to follow a rotated certificate. */
const keepMs = 60_000;

/**
 * The client makes new connections for each call and would keep them for half a minute: a handshake for every step, and
 * a socket left behind each time. Here the calls of a minute share theirs; the older ones close when their calls end.
 */
class KeptConnections {
  private connections: Connections | undefined;
  private madeAt = Number.NEGATIVE_INFINITY;

  share(request: RequestContext): void {
    const fresh = request.getDispatcher();
    if (!fresh) return;
    if (this.connections && performance.now() - this.madeAt < keepMs) {
      fresh.close().catch(() => {});
      request.setDispatcher(this.connections);
      return;
    }
    this.connections?.close().catch(() => {});
    this.connections = fresh;
    this.madeAt = performance.now();
  }

  async close(): Promise<void> {
    await this.connections?.destroy();
  }
}
