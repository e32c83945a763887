import type { GlobalCluster, GlobalClusterMember } from '@aws-sdk/client-rds';
import { z } from 'zod';
import type { Observation, Permission, PlanView, ResourceChange } from '../../define.ts';
import { messageOf } from '../../errors.ts';
import { awsErrorName } from '../aws-failure.ts';
import { awsRegion } from '../component-place.ts';
import type { RdsClients } from './client.ts';
import { rdsFailure } from './errors.ts';
import { rdsSdk } from './sdk.ts';

const member = z.strictObject({ cluster: z.string(), region: z.string() });

/** What both ways of moving a global database need to know. */
export const globalInput = z.strictObject({
  global: z.string(),
  cluster: z.string(),
  region: z.string(),
  members: z.array(member),
  account: z.string().optional(),
});
export type GlobalTarget = z.infer<typeof globalInput>;

export const resolveGlobal = (written: { component: string; to: string }, plan: PlanView): GlobalTarget => {
  const { name, at, settings } = plan.component(written.component, 'aurora-global');
  const cluster = at[written.to];
  if (typeof cluster !== 'string')
    throw new Error(`component ${name} is not in ${written.to}; it is in ${Object.keys(at).join(', ')}`);
  const members = Object.entries(at).map(([place, id]) => ({ cluster: String(id), region: awsRegion(plan, place) }));
  return {
    global: String(settings['global']),
    cluster,
    region: awsRegion(plan, written.to),
    members,
    account: plan.account,
  };
};

/** The global database as one of its Regions shows it; undefined when there is none of that name. */
export const findGlobal = async (
  clients: RdsClients,
  region: string,
  global: string,
  abortSignal: AbortSignal,
): Promise<GlobalCluster | undefined> => {
  try {
    const command = new (rdsSdk().DescribeGlobalClustersCommand)({ GlobalClusterIdentifier: global });
    return (await clients.reading(region).send(command, { abortSignal })).GlobalClusters?.[0];
  } catch (error) {
    if (awsErrorName(error).startsWith('GlobalClusterNotFound')) return undefined;
    throw rdsFailure(error, `DescribeGlobalClusters ${global}`);
  }
};

export const findCluster = async (clients: RdsClients, region: string, cluster: string, abortSignal: AbortSignal) => {
  try {
    const command = new (rdsSdk().DescribeDBClustersCommand)({ DBClusterIdentifier: cluster });
    return (await clients.reading(region).send(command, { abortSignal })).DBClusters?.[0];
  } catch (error) {
    throw rdsFailure(error, `DescribeDBClusters ${cluster}`);
  }
};

/** `arn:aws:rds:<region>:<account>:cluster:<id>` */
export const placeOfMember = ({ DBClusterArn = '' }: GlobalClusterMember): { region: string; cluster: string } => {
  const [, , , region = '', , , cluster = ''] = DBClusterArn.split(':');
  return { region, cluster };
};

export const memberOf = (
  found: GlobalCluster,
  target: { region: string; cluster: string },
): GlobalClusterMember | undefined =>
  found.GlobalClusterMembers?.find((each) => {
    const { region, cluster } = placeOfMember(each);
    return region === target.region && cluster === target.cluster;
  });

export const writerOf = (found: GlobalCluster): GlobalClusterMember | undefined =>
  found.GlobalClusterMembers?.find(({ IsWriter }) => IsWriter);

export const describeGlobal = (found: GlobalCluster): string => {
  const writer = writerOf(found);
  const { region, cluster } = writer ? placeOfMember(writer) : { region: 'no Region', cluster: 'nobody' };
  return `${found.GlobalClusterIdentifier} is ${found.Status ?? 'unknown'}, written in ${region} by ${cluster}`;
};

/** How far the move is; both ways look the same from here. Whether one may begin is for each of them to say. */
export const lookAtGlobal = async (
  clients: RdsClients,
  target: GlobalTarget,
  signal: AbortSignal,
): Promise<Observation<{ endpoint: string; cluster: string; region: string }> & { found?: GlobalCluster }> => {
  const { global, cluster, region, account } = target;
  const found = await findGlobal(clients, region, global, signal);
  if (!found) return { state: 'impossible', seen: `${region} knows no global database ${global}` };
  const own = memberOf(found, target);
  const seen = describeGlobal(found);
  if (!own) return { state: 'impossible', seen: `${seen}; ${cluster} in ${region} is no member of it` };
  const stands = own.DBClusterArn?.split(':')[4];
  if (account !== undefined && stands !== account)
    return { state: 'impossible', seen: `the credentials lead to account ${stands}, the plan is for ${account}` };
  if (found.FailoverState?.Status || found.Status !== 'available') {
    const { FromDbClusterArn: from, ToDbClusterArn: to } = found.FailoverState ?? {};
    const way = from && to ? `, on its way from ${from.split(':')[3]} to ${to.split(':')[3]}` : '';
    return { state: 'changing', seen: `${seen}${way}` };
  }
  if (!own.IsWriter) return { state: 'todo', seen, found };
  const described = await findCluster(clients, region, cluster, signal);
  const endpoint = described?.Endpoint;
  if (described?.Status !== 'available' || !endpoint)
    return { state: 'changing', seen: `${seen}; ${cluster} is ${described?.Status ?? 'unknown'}` };
  return { state: 'done', seen, output: { endpoint, cluster, region } };
};

/** Why no planned switchover may begin: it needs every member well and connected. */
export const unhealthyMember = async (
  clients: RdsClients,
  target: GlobalTarget,
  found: GlobalCluster,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const behind = found.GlobalClusterMembers?.find(
    (each) => !each.IsWriter && each.SynchronizationStatus !== undefined && each.SynchronizationStatus !== 'connected',
  );
  if (behind) return `${placeOfMember(behind).cluster} is ${behind.SynchronizationStatus}`;
  const answers = await Promise.all(
    target.members.map(async ({ cluster, region }) => {
      try {
        const status = (await findCluster(clients, region, cluster, signal))?.Status ?? 'unknown';
        return status === 'available' ? undefined : `${cluster} in ${region} is ${status}`;
      } catch (error) {
        return `${cluster} in ${region} does not answer (${messageOf(error)})`;
      }
    }),
  );
  return answers.find((answer) => answer !== undefined);
};

export const globalId = ({ global }: { global: string }): string => `rds:global:${global}`;

export const globalPermissions = (target: GlobalTarget, action: string): Permission[] => {
  const account = target.account ?? '*';
  const globalArn = `arn:aws:rds::${account}:global-cluster:${target.global}`;
  const clusters = target.members.map(({ region, cluster }) => `arn:aws:rds:${region}:${account}:cluster:${cluster}`);
  return [
    { system: 'iam', action: 'rds:DescribeGlobalClusters', resource: globalArn },
    ...clusters.map((resource) => ({ system: 'iam' as const, action: 'rds:DescribeDBClusters', resource })),
    { system: 'iam', action, resource: globalArn },
    ...clusters.map((resource) => ({ system: 'iam' as const, action, resource })),
  ];
};

export const previewGlobal = async (
  clients: RdsClients,
  target: GlobalTarget,
  then: string,
  signal: AbortSignal,
): Promise<ResourceChange[]> => {
  const found = await findGlobal(clients, target.region, target.global, signal);
  const { account, region } = target;
  return [{ resource: globalId(target), account, region, now: found ? describeGlobal(found) : 'does not exist', then }];
};
