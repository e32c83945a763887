import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { lookSignal } from '../../look-signal.ts';
import { shellLine } from '../../shell-line.ts';
import type { RdsClients } from '../client.ts';
import { rdsFailure } from '../errors.ts';
import {
  findGlobal,
  globalId,
  globalInput,
  globalPermissions,
  lookAtGlobal,
  memberOf,
  previewGlobal,
  resolveGlobal,
} from '../global-clusters.ts';
import { rdsSdk } from '../sdk.ts';

/** Makes a secondary the writer without waiting for the primary, which may be gone: what did not arrive is lost. */
export const failoverGlobal = (clients: RdsClients) =>
  defineAction({
    name: 'aurora/failover-global',
    version: 1,
    summary: 'Fail an Aurora global database over to another Region (unplanned, may lose data)',
    effect: 'change',
    makesWriter: true,
    with: z.strictObject({ component: z.string(), to: z.string() }),
    resolve: resolveGlobal,
    input: globalInput,
    targets: ['global', 'cluster', 'region', 'members', 'account'],
    output: z.object({ endpoint: z.string(), cluster: z.string(), region: z.string() }),
    resources: (given) => [globalId(given), ...given.members.map(({ region, cluster }) => `rds:${region}:${cluster}`)],
    changes: ['rds:FailoverGlobalCluster'],
    permissions: (given) => globalPermissions(given, 'rds:FailoverGlobalCluster'),
    expectedSeconds: 120,
    longestSeconds: 1800,
    repeat: 'by-look',
    reversible: {
      no: 'what was lost stays lost; when the old Region is well again, switch back with aurora/switchover-global',
    },

    async observe(given, context) {
      const { found: _, ...look } = await lookAtGlobal(clients, given, lookSignal(context));
      return look;
    },

    async act(given, context) {
      const found = await findGlobal(clients, given.region, given.global, lookSignal(context));
      const target = found && memberOf(found, given);
      if (!target?.DBClusterArn) throw new MaydayError('system/refused', `${given.global} has changed meanwhile`);
      const command = new (rdsSdk().FailoverGlobalClusterCommand)({
        GlobalClusterIdentifier: given.global,
        TargetDbClusterIdentifier: target.DBClusterArn,
        AllowDataLoss: true,
      });
      const writer = await clients.changing(given.region, context);
      const abortSignal = await context.beforeChange();
      try {
        // Asked of the target's Region, as the primary's may not answer.
        await writer.send(command, { abortSignal });
      } catch (error) {
        throw rdsFailure(error, `FailoverGlobalCluster ${given.global}`, true);
      }
      return { seen: `Aurora accepted the failover of ${given.global} to ${given.region}` };
    },

    preview: (given, context) =>
      previewGlobal(
        clients,
        given,
        `written in ${given.region} by ${given.cluster}; what has not arrived there is lost`,
        lookSignal(context),
      ),
    command: ({ global, cluster, region, account }) => {
      const call = ['aws', 'rds', 'failover-global-cluster', '--region', region, '--global-cluster-identifier', global];
      const arn = `arn:aws:rds:${region}:${account ?? '<account>'}:cluster:${cluster}`;
      return shellLine(...call, '--target-db-cluster-identifier', arn, '--allow-data-loss');
    },
  });
