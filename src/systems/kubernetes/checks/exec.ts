import { Writable } from 'node:stream';
import type { V1Status } from '@kubernetes/client-node';
import { z } from 'zod';
import { defineCheck, type LookContext } from '../../../define.ts';
import { MaydayError, messageOf } from '../../../errors.ts';
import { redact } from '../../../redact.ts';
import { lookSignal } from '../../look-signal.ts';
import type { Clusters } from '../client.ts';
import { resolveCluster } from '../cluster-target.ts';
import { kubernetesFailure } from '../errors.ts';
import { kubectlLine } from '../kubectl-line.ts';
import { isPodReady } from '../pods.ts';

const mostOutput = 4000;
/** Wall milliseconds that a command may take: less than a look's patience would cut short what people expect to wait for. */
const commandMilliseconds = 15_000;

const shape = {
  cluster: z.string(),
  namespace: z.string(),
  pod: z.string().optional(),
  selector: z.string().optional(),
  container: z.string().optional(),
  command: z.array(z.string()).min(1),
  contains: z.string().optional(),
};
const input = z
  .strictObject(shape)
  .refine(({ pod, selector }) => (pod === undefined) !== (selector === undefined), 'name either a pod or a selector');
type Given = z.infer<typeof input>;

/** Runs a command that only reads inside a container, and judges by its exit code and its output. */
export const exec = (clusters: Clusters) =>
  defineCheck({
    name: 'kubernetes/exec',
    version: 1,
    summary: 'What does a command in the pod say?',
    with: input,
    resolve({ cluster: place, namespace: written, ...rest }, plan) {
      const { cluster, namespace } = resolveCluster(plan, place, written);
      return { cluster, namespace, ...rest };
    },
    input,
    facts: { output: 'string', code: 'number', pod: 'string' },
    permissions: ({ cluster, namespace, pod, selector }) => [
      ...(selector ? [{ system: 'rbac' as const, action: 'list pods', resource: `${cluster}/${namespace}` }] : []),
      ...['get pods/exec', 'create pods/exec'].map((action) => ({
        system: 'rbac' as const,
        action,
        resource: `${cluster}/${namespace}${pod ? `/${pod}` : ''}`,
      })),
    ],
    expectedSeconds: 2,
    async ask(given, context) {
      try {
        const pod = given.pod ?? (await choose(clusters, given, context));
        if (pod === undefined) return { answer: 'no', because: `no pod of ${given.selector} is ready to be asked` };
        const { code, output } = await run(clusters, given, pod, context);
        // Before it is cut, into lines as well: half of a secret is not known for one.
        const said = redact(output.trim()).slice(-mostOutput);
        const facts = { output: said, code, pod };
        const line = given.command.join(' ');
        const last = said.split('\n').at(-1) ?? '';
        if (code !== 0)
          return { answer: 'no', because: `${line} in ${pod} ended with exit code ${code}: ${last}`, facts };
        if (given.contains !== undefined && !output.includes(given.contains))
          return { answer: 'no', because: `${line} in ${pod} does not say "${given.contains}": ${last}`, facts };
        return { answer: 'yes', because: `${line} in ${pod} said: ${last || 'nothing'}`, facts };
      } catch (error) {
        return { answer: 'unknown', because: messageOf(error) };
      }
    },
    command: (given) => {
      const container = given.container ? ['--container', given.container] : [];
      return kubectlLine(
        given,
        'exec',
        given.pod ?? `<a pod of ${given.selector}>`,
        ...container,
        '--',
        ...given.command,
      );
    },
  });

/** The first by name of those that are ready, so that two looks ask the same. */
const choose = async (
  clusters: Clusters,
  { cluster, namespace, selector }: Given,
  context: LookContext,
): Promise<string | undefined> => {
  try {
    const { core } = clusters.apis(cluster, lookSignal(context));
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: selector });
    return items
      .filter(isPodReady)
      .map(({ metadata }) => metadata?.name ?? '')
      .sort()[0];
  } catch (error) {
    throw kubernetesFailure(error, `list pods of ${selector}`);
  }
};

const run = async (clusters: Clusters, given: Given, pod: string, context: LookContext) => {
  const signal = lookSignal(context, commandMilliseconds);
  let output = '';
  const sink = () =>
    new Writable({
      write(chunk, _encoding, done) {
        output = (output + String(chunk)).slice(-4 * mostOutput);
        done();
      },
    });
  const { cluster, namespace, container = '', command } = given;
  const code = await new Promise<number>((resolve, reject) => {
    const stop = () => reject(new MaydayError('system/unavailable', `kubernetes exec in ${pod}: no answer in time`));
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    clusters
      .exec(cluster)
      .exec(namespace, pod, container, command, sink(), sink(), null, false, (status) => resolve(exitCodeOf(status)))
      .then((socket) => {
        signal.addEventListener('abort', () => socket.close(), { once: true });
        socket.onclose = () =>
          reject(
            new MaydayError('system/unavailable', `kubernetes exec in ${pod}: the connection ended without a result`),
          );
      })
      .catch((error: unknown) =>
        reject(new MaydayError('system/unavailable', `kubernetes exec in ${pod}: ${reasonOf(error)}`)),
      );
  });
  return { code, output };
};

/** A connection that was refused comes as the event of a WebSocket, which says why under `message`. */
const reasonOf = (error: unknown): string => {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' && message !== '' ? message : 'it could not be connected to';
};

const exitCodeOf = (status: V1Status): number => {
  if (status.status === 'Success') return 0;
  const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode');
  if (cause?.message !== undefined) return Number(cause.message);
  return -1;
};
