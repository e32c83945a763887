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
  placeOfMember,
  previewGlobal,
  resolveGlobal,
  unhealthyMember,
  writerOf,
} from '../global-clusters.ts';
import { rdsSdk } from '../sdk.ts';

/** Moves the writer of a global database while all of it is well: Aurora waits for the last change, so nothing is lost. */
export const switchoverGlobal = (clients: RdsClients) =>
  defineAction({
    name: 'aurora/switchover-global',
    version: 1,
    summary: 'Switch an Aurora global database over to another Region (planned, loses nothing)',
    effect: 'change',
    with: z.strictObject({ component: z.string(), to: z.string() }),
    resolve: resolveGlobal,
    input: globalInput,
    targets: ['global', 'cluster', 'region', 'members', 'account'],
    output: z.object({ endpoint: z.string(), cluster: z.string(), region: z.string() }),
    resources: (given) => [globalId(given), ...given.members.map(({ region, cluster }) => `rds:${region}:${cluster}`)],
    changes: ['rds:SwitchoverGlobalCluster'],
    permissions: (given) => globalPermissions(given, 'rds:SwitchoverGlobalCluster'),
    expectedSeconds: 180,
    longestSeconds: 1800,
    repeat: 'by-look',
    reversible: { no: 'going back is a switchover of its own, once everything is well again' },

    async observe(given, context) {
      const signal = lookSignal(context);
      const { found, ...look } = await lookAtGlobal(clients, given, signal);
      if (look.state !== 'todo' || !found) return look;
      const unhealthy = await unhealthyMember(clients, given, found, signal);
      if (!unhealthy) return look;
      return {
        state: 'impossible',
        seen: `${look.seen}; no planned switchover, as ${unhealthy}. Nothing was changed; aurora/failover-global is for emergencies, and may lose data`,
      };
    },

    async act(given, context) {
      const found = await findGlobal(clients, given.region, given.global, lookSignal(context));
      const [target, writer] = [found && memberOf(found, given), found && writerOf(found)];
      if (!target?.DBClusterArn || !writer)
        throw new MaydayError('system/refused', `${given.global} has changed meanwhile`);
      const command = new (rdsSdk().SwitchoverGlobalClusterCommand)({
        GlobalClusterIdentifier: given.global,
        TargetDbClusterIdentifier: target.DBClusterArn,
      });
      const changing = await clients.changing(placeOfMember(writer).region, context);
      const abortSignal = await context.beforeChange();
      try {
        // A planned move is asked of the primary's Region, which is there to answer.
        await changing.send(command, { abortSignal });
      } catch (error) {
        throw rdsFailure(error, `SwitchoverGlobalCluster ${given.global}`, true);
      }
      return { seen: `Aurora accepted the switchover of ${given.global} to ${given.region}` };
    },

    preview: (given, context) =>
      previewGlobal(
        clients,
        given,
        `written in ${given.region} by ${given.cluster}; nothing is lost`,
        lookSignal(context),
      ),
    command: ({ global, cluster, region, account }) => {
      const call = ['aws', 'rds', 'switchover-global-cluster', '--global-cluster-identifier', global];
      const arn = `arn:aws:rds:${region}:${account ?? '<account>'}:cluster:${cluster}`;
      return shellLine(...call, '--target-db-cluster-identifier', arn);
    },
  });
