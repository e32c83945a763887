import type { Aurora, GlobalDatabase } from '../databases/aurora.ts';
import type { Instance } from '../databases/instance.ts';
import type { SandboxContext } from '../part.ts';
import { AwsError } from './aws-error.ts';
import type { QueryOperation } from './query-service.ts';
import type { XmlNode } from './xml.ts';

const arnOf = ({ region, account, id }: Instance) => `arn:aws:rds:${region}:${account}:cluster:${id}`;

/** Aurora's global databases, as every Region of theirs shows them. */
export const rdsGlobal = ({ faults, ledger }: SandboxContext, aurora: Aurora): Record<string, QueryOperation> => {
  const isIn = (region: string) => (global: GlobalDatabase) =>
    global.members.some((member) => member.region === region);
  const find = (region: string, id: string): GlobalDatabase => {
    const found = aurora.all().find((global) => global.id === id.toLowerCase() && isIn(region)(global));
    if (found) return found;
    throw new AwsError(
      'GlobalClusterNotFoundFault',
      `Global cluster ${id} not found`,
      404,
      'RDS API, GlobalClusterNotFoundFault',
    );
  };
  const describe = (global: GlobalDatabase): XmlNode => ({
    GlobalClusterIdentifier: global.id,
    GlobalClusterArn: `arn:aws:rds::${global.account}:global-cluster:${global.id}`,
    Status: global.status,
    Engine: 'aurora-postgresql',
    EngineVersion: '16.4',
    StorageEncrypted: true,
    DeletionProtection: false,
    GlobalClusterMembers: {
      GlobalClusterMember: global.members.map((member) => ({
        DBClusterArn: arnOf(member),
        IsWriter: aurora.writerOf(global) === member,
        Readers: { member: member.source ? [] : global.members.filter((one) => one.source).map(arnOf) },
        SynchronizationStatus: member.detached ? 'pending-resync' : 'connected',
      })),
    },
    FailoverState: global.moving && {
      Status: 'failing-over',
      FromDbClusterArn: arnOf(global.moving.from),
      ToDbClusterArn: arnOf(global.moving.to),
      IsDataLossAllowed: global.moving.losing,
    },
  });
  const describeCluster = (member: Instance): XmlNode => ({
    DBClusterIdentifier: member.id,
    DBClusterArn: arnOf(member),
    Status: member.status,
    Engine: 'aurora-postgresql',
    EngineVersion: '16.4',
    Endpoint: member.endpoint,
    ReaderEndpoint: member.endpoint.replace('.cluster-', '.cluster-ro-'),
    Port: member.port,
    MultiAZ: true,
    StorageEncrypted: true,
  });
  const targetOf = (global: GlobalDatabase, given: string): Instance => {
    const found = global.members.find((member) => given === arnOf(member));
    if (!found)
      throw new AwsError(
        'DBClusterNotFoundFault',
        `DBCluster ${given} not found.`,
        404,
        'RDS API, TargetDbClusterIdentifier: the ARN of a secondary cluster',
      );
    const refuse = (message: string) =>
      new AwsError('InvalidGlobalClusterStateFault', message, 400, 'RDS API, InvalidGlobalClusterStateFault');
    if (!found.source) throw refuse('The target cluster is the primary already.');
    if (global.status !== 'available') throw refuse(`The global cluster is ${global.status}.`);
    if (found.status !== 'available' || faults.regionDown(found.region))
      throw new AwsError(
        'InvalidDBClusterStateFault',
        'The target cluster is not available.',
        400,
        'RDS API, InvalidDBClusterStateFault',
      );
    return found;
  };
  const accept = (call: string, global: GlobalDatabase, to: Instance, losing: boolean) => {
    const { visible } = ledger.accept(`rds:${call}`, `rds:global:${global.id}`, {
      to: `${to.region}:${to.id}`,
      losing,
    });
    aurora.move(global, to, losing, visible);
    return { GlobalCluster: describe(global) };
  };

  return {
    DescribeGlobalClusters: {
      parameters: ['GlobalClusterIdentifier', 'Filters', 'MaxRecords', 'Marker'],
      required: [],
      run(given, { region }) {
        const id = given.get('GlobalClusterIdentifier');
        const found = id ? [find(region, id)] : aurora.all().filter(isIn(region));
        return { GlobalClusters: { GlobalClusterMember: found.map(describe) } };
      },
    },
    DescribeDBClusters: {
      parameters: ['DBClusterIdentifier', 'Filters', 'MaxRecords', 'Marker', 'IncludeShared'],
      required: [],
      run(given, { region }) {
        const id = given.get('DBClusterIdentifier')?.split(':').at(-1)?.toLowerCase();
        const all = aurora
          .all()
          .flatMap((global) => global.members)
          .filter((member) => member.region === region);
        const found = id ? all.filter((member) => member.id === id) : all;
        if (id && found.length === 0)
          throw new AwsError(
            'DBClusterNotFoundFault',
            `DBCluster ${id} not found.`,
            404,
            'RDS API, DBClusterNotFoundFault',
          );
        return { DBClusters: { DBCluster: found.map(describeCluster) } };
      },
    },
    SwitchoverGlobalCluster: {
      parameters: ['GlobalClusterIdentifier', 'TargetDbClusterIdentifier'],
      required: ['GlobalClusterIdentifier', 'TargetDbClusterIdentifier'],
      run(given, { region }) {
        const global = find(region, given.need('GlobalClusterIdentifier'));
        const to = targetOf(global, given.need('TargetDbClusterIdentifier'));
        const unwell = global.members.find(
          (member) => member.status !== 'available' || member.detached || faults.regionDown(member.region),
        );
        if (unwell)
          throw new AwsError(
            'InvalidGlobalClusterStateFault',
            `Cluster ${unwell.id} is not healthy; a switchover needs every member.`,
            400,
            'Aurora user guide, switchovers: all clusters must be healthy',
          );
        return accept('SwitchoverGlobalCluster', global, to, false);
      },
    },
    FailoverGlobalCluster: {
      parameters: ['GlobalClusterIdentifier', 'TargetDbClusterIdentifier', 'AllowDataLoss', 'Switchover'],
      required: ['GlobalClusterIdentifier', 'TargetDbClusterIdentifier'],
      run(given, { region }) {
        const global = find(region, given.need('GlobalClusterIdentifier'));
        const to = targetOf(global, given.need('TargetDbClusterIdentifier'));
        if (given.get('AllowDataLoss') !== 'true')
          throw new AwsError(
            'InvalidParameterCombination',
            'The sandbox fails over only with AllowDataLoss; switch over otherwise.',
            400,
            'RDS API, FailoverGlobalCluster, AllowDataLoss',
          );
        return accept('FailoverGlobalCluster', global, to, true);
      },
    },
  };
};
