import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import type { ClusterStore, KubernetesObject } from './cluster-store.ts';
import { addPod, freePodName, podStatus, setPodStatus, setStatus, typeOf } from './pods.ts';
import { runShell } from './shell.ts';

const jobs = typeOf('jobs');
const defaultBackoffLimit = 6;

/** Runs each Job's pods to their end, as often as its backoff limit allows. What its command prints is its log. */
export const startJobController = (
  { clock, faults }: SandboxContext,
  store: ClusterStore,
  { logs, printed }: { logs: Map<string, string>; printed: { text: string } },
  finished: (job: KubernetesObject) => void,
): void => {
  const attempt = (job: KubernetesObject, failed: number) => {
    const { namespace, name } = job.metadata;
    const labels = { 'job-name': name, 'batch.kubernetes.io/job-name': name };
    const podName = freePodName(store, job);
    const pod = addPod(store, job, podName, job.spec?.template, labels, false);
    const startTime = job.status?.startTime ?? clock.now().toISOString();
    setStatus(store, 'jobs', store.get(jobs, namespace, name), { active: 1, failed, startTime });
    const slow = faults.slowFactor('kubernetes:CreateJob');
    clock.after(durations.jobPodStart * slow, () => void setPodStatus(store, pod, podStatus(true)));
    clock.after((durations.jobPodStart + durations.jobRun) * slow, () => {
      const current = store.find(jobs, namespace, name);
      if (!current || current.metadata.uid !== job.metadata.uid) return;
      const { code, output } = runShell(current.spec?.template?.spec?.containers?.[0]);
      logs.set(pod.metadata.uid!, printed.text === '' ? output : `${output}${printed.text}\n`);
      setPodStatus(store, pod, podStatus(false, code === 0 ? 'Succeeded' : 'Failed'));
      const now = clock.now().toISOString();
      const status = { startTime, succeeded: code === 0 ? 1 : 0, failed: failed + (code === 0 ? 0 : 1) };
      if (code === 0) {
        const conditions = [{ type: 'Complete', status: 'True', lastTransitionTime: now }];
        setStatus(store, 'jobs', current, { ...status, completionTime: now, conditions });
        finished(current);
      } else if (failed >= (current.spec?.backoffLimit ?? defaultBackoffLimit)) {
        const message = 'Job has reached the specified backoff limit';
        const condition = { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message };
        setStatus(store, 'jobs', current, { ...status, conditions: [{ ...condition, lastTransitionTime: now }] });
        finished(current);
      } else {
        attempt(store.get(jobs, namespace, name), failed + 1);
      }
    });
  };
  store.watch(({ type, resource, object }) => {
    if (resource === jobs && type === 'ADDED') queueMicrotask(() => attempt(object, 0));
  });
};
