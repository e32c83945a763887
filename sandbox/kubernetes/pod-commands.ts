import type { WorldPlan } from '../world-plan.ts';
import type { RunCommand } from './exec.ts';
import { isLive, isReady, podsOwnedBy } from './pods.ts';

type State = { works: true } | { works: false; reason: string };

/** What the containers of the world answer to the few commands that a runbook asks them. */
export const createPodCommands =
  (plans: WorldPlan[], stateOf: (plan: WorldPlan, place: string) => State): RunCommand =>
  (cluster, pod, command) => {
    const line = command.join(' ');
    if (/\b(wget|curl)\b/.test(line) && /\/\/(localhost|127\.0\.0\.1)\b/.test(line)) {
      return health(line, pod.metadata.name, stateIn(plans, cluster.name, stateOf));
    }
    if (/\bpatronictl\b.*\blist\b/.test(line)) {
      const owner = pod.metadata.ownerReferences?.[0]?.uid;
      const members = podsOwnedBy(cluster.store, pod.metadata.namespace, [owner]).filter(isLive);
      return { code: 0, stdout: membersTable(pod.metadata.ownerReferences?.[0]?.name ?? '', members) };
    }
    if (/^(false|exit [1-9])/.test(line)) return { code: 1, stdout: '' };
    return { code: 0, stdout: 'ok\n' };
  };

const stateIn = (plans: WorldPlan[], cluster: string, stateOf: (plan: WorldPlan, place: string) => State): State => {
  for (const plan of plans) {
    const place = Object.keys(plan.regions).find((each) => plan.regions[each]?.kubernetes === cluster);
    if (place !== undefined) return stateOf(plan, place);
  }
  return { works: true };
};

/** A service that is not well answers 503; `wget` and `curl --fail` make that an exit code. */
const health = (line: string, pod: string, state: State) => {
  const body = `${JSON.stringify(state.works ? { status: 'ok', pod } : { status: 'unavailable', reason: state.reason })}\n`;
  if (state.works) return { code: 0, stdout: body };
  if (/\bwget\b/.test(line))
    return { code: 1, stdout: '', stderr: 'wget: server returned error: HTTP/1.1 503 Service Unavailable\n' };
  const fails = /\s(--fail|-\w*f\w*)\b/.test(line);
  return fails
    ? { code: 22, stdout: '', stderr: 'curl: (22) The requested URL returned error: 503\n' }
    : { code: 0, stdout: body };
};

const membersTable = (cluster: string, pods: Parameters<typeof isReady>[0][]): string => {
  const sorted = [...pods].sort((one, other) => one.metadata.name.localeCompare(other.metadata.name));
  const leader = sorted.find(isReady);
  const row = (cells: string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd([24, 12, 8, 8, 2, 9][at]!)).join(' | ')} |\n`;
  const rows = sorted.map((pod) =>
    row([
      pod.metadata.name,
      `10.0.0.${Number(pod.metadata.name.split('-').at(-1)) + 10 || 10}`,
      pod === leader ? 'Leader' : 'Replica',
      isReady(pod) ? (pod === leader ? 'running' : 'streaming') : 'stopped',
      '1',
      pod === leader ? '' : '0',
    ]),
  );
  return `+ Cluster: ${cluster} +\n${row(['Member', 'Host', 'Role', 'State', 'TL', 'Lag in MB'])}${rows.join('')}`;
};
