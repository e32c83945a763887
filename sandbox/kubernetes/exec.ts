import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { SandboxContext } from '../part.ts';
import { ApiError } from './api-error.ts';
import { readTarget } from './api-request.ts';
import type { Cluster } from './cluster-api.ts';
import type { KubernetesObject } from './cluster-store.ts';
import { containersOf } from './pod-log.ts';
import { isLive } from './pods.ts';

/** What a command in a container came to. */
export interface CommandResult {
  code: number;
  stdout: string;
  stderr?: string;
}

export type RunCommand = (cluster: Cluster, pod: KubernetesObject, command: string[]) => CommandResult;

/** The newest of the two that kubelets speak and that the sandbox knows; v4 has no message for half-closed streams. */
const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const stdoutChannel = 1;
const stderrChannel = 2;
const statusChannel = 3;

/** `kubectl exec` as the API server speaks it over a WebSocket: a byte for the channel in front of each message. */
export const createExec = (context: SandboxContext, run: RunCommand) => {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => protocols.find((protocol) => offered.has(protocol)) ?? false,
  });

  return (cluster: Cluster, request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    if (context.faults.regionDown(cluster.region) || context.faults.service('kubernetes')?.how === 'hang') return;
    const url = new URL(request.url ?? '/', 'https://cluster');
    try {
      if (request.headers.authorization !== `Bearer ${cluster.token}`)
        throw new ApiError(401, 'Unauthorized', 'Unauthorized');
      const { type, namespace, name = '', subresource } = readTarget(url.pathname);
      if (type.plural !== 'pods' || subresource !== 'exec')
        throw new ApiError(400, 'BadRequest', 'only exec is answered over a WebSocket here');
      const pod = cluster.store.get(type, namespace, name);
      const containers = containersOf(pod);
      const container = url.searchParams.get('container') || containers[0];
      if (container === undefined || !containers.includes(container))
        throw new ApiError(400, 'BadRequest', `container ${container} is not valid for pod ${name}`);
      if (pod.status?.phase !== 'Running' || !isLive(pod))
        throw new ApiError(500, 'InternalError', `unable to upgrade connection: container not found ("${container}")`);
      const command = url.searchParams.getAll('command');
      if (command.length === 0)
        throw new ApiError(400, 'BadRequest', 'you must specify at least 1 command for the container');
      sockets.handleUpgrade(request, socket, head, (client) => answer(client, run(cluster, pod, command)));
    } catch (error) {
      const refusal = error instanceof ApiError ? error : new ApiError(500, 'InternalError', String(error));
      context.ledger.refuse('kubernetes:Exec', refusal.reason, `Kubernetes API, ${url.pathname}`);
      const body = JSON.stringify(refusal.body());
      socket.end(
        `HTTP/1.1 ${refusal.status} ${refusal.reason}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
      );
    }
  };
};

const answer = (client: WebSocket, { code, stdout, stderr = '' }: CommandResult): void => {
  const send = (channel: number, text: string) =>
    client.send(Buffer.concat([Buffer.from([channel]), Buffer.from(text)]), { binary: true });
  if (stdout !== '') send(stdoutChannel, stdout);
  if (stderr !== '') send(stderrChannel, stderr);
  send(
    statusChannel,
    JSON.stringify(
      code === 0
        ? { metadata: {}, status: 'Success' }
        : {
            metadata: {},
            status: 'Failure',
            message: `command terminated with non-zero exit code: error executing command, exit code ${code}`,
            reason: 'NonZeroExitCode',
            details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
          },
    ),
  );
  client.close(1000);
};
