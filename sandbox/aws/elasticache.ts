import { createHash } from 'node:crypto';
import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import { AwsError } from './aws-error.ts';
import type { AwsService } from './aws-request.ts';
import { createQueryService, type QueryOperation } from './query-service.ts';
import type { XmlNode } from './xml.ts';

/** A replication group without cluster mode: one primary and some replicas. */
export interface CacheGroup {
  id: string;
  region: string;
  account: string;
  status: 'available' | 'modifying';
  replicas: number;
  endpoint: string;
}

/** The API's limit on replicas of one node group. */
const mostReplicas = 5;

export const createElasticache = (context: SandboxContext): { service: AwsService; groups(): CacheGroup[] } => {
  const { clock, faults, ledger } = context;
  const groups: CacheGroup[] = [];
  for (const plan of context.plans) {
    for (const component of Object.values(plan.components)) {
      if (component.kind !== 'elasticache-redis') continue;
      for (const [index, place] of plan.prefer.entries()) {
        const id = component[place] as string | undefined;
        if (!id) continue;
        const region = plan.regions[place]?.aws ?? place;
        const replicas = index === 0 ? component['replicas']?.active : component['replicas']?.standby;
        const hash = createHash('sha256').update(`${plan.account}/${region}`).digest('hex').slice(0, 6);
        groups.push({
          id,
          region,
          account: plan.account,
          status: 'available',
          replicas: replicas ?? 1,
          endpoint: `${id}.${hash}.ng.0001.${shortRegion(region)}.cache.amazonaws.com`,
        });
      }
    }
  }
  const find = (region: string, id: string) => {
    const found = groups.find((group) => group.region === region && group.id === id.toLowerCase());
    if (found) return found;
    throw new AwsError(
      'ReplicationGroupNotFoundFault',
      `ReplicationGroup ${id} not found.`,
      404,
      'ElastiCache API, ReplicationGroupNotFoundFault',
    );
  };

  const describe = (group: CacheGroup): XmlNode => {
    const nodes = Array.from(
      { length: group.replicas + 1 },
      (_, at) => `${group.id}-${String(at + 1).padStart(3, '0')}`,
    );
    return {
      ReplicationGroupId: group.id,
      Description: 'built from a plan',
      Status: group.status,
      PendingModifiedValues: {},
      MemberClusters: { ClusterId: nodes },
      NodeGroups: {
        NodeGroup: {
          NodeGroupId: '0001',
          Status: group.status,
          PrimaryEndpoint: { Address: group.endpoint, Port: 6379 },
          ReaderEndpoint: { Address: group.endpoint.replace('.ng.', '-ro.ng.'), Port: 6379 },
          NodeGroupMembers: {
            NodeGroupMember: nodes.map((node, at) => ({
              CacheClusterId: node,
              CacheNodeId: '0001',
              CurrentRole: at === 0 ? 'primary' : 'replica',
            })),
          },
        },
      },
      AutomaticFailover: 'enabled',
      MultiAZ: 'enabled',
      ClusterEnabled: false,
      ARN: `arn:aws:elasticache:${group.region}:${group.account}:replicationgroup:${group.id}`,
    };
  };

  /** Both ways of changing the number of replicas; each refuses to go the other way. */
  const resizing = (name: 'IncreaseReplicaCount' | 'DecreaseReplicaCount'): QueryOperation => {
    const grows = name === 'IncreaseReplicaCount';
    return {
      parameters: [
        'ReplicationGroupId',
        'NewReplicaCount',
        'ReplicaConfiguration',
        ...(grows ? [] : ['ReplicasToRemove']),
        'ApplyImmediately',
      ],
      required: ['ReplicationGroupId', 'ApplyImmediately'],
      run(given, { region }) {
        const group = find(region, given.need('ReplicationGroupId'));
        const wanted = Number(given.need('NewReplicaCount'));
        if (given.get('ApplyImmediately') !== 'true') {
          throw new AwsError(
            'InvalidParameterValue',
            'ApplyImmediately must be true.',
            400,
            `ElastiCache API, ${name}: ApplyImmediately=False is not supported`,
          );
        }
        if (group.status !== 'available') {
          throw new AwsError(
            'InvalidReplicationGroupState',
            `Replication group ${group.id} is not in available state.`,
            400,
            'ElastiCache API, InvalidReplicationGroupStateFault',
          );
        }
        const legal = grows
          ? wanted > group.replicas && wanted <= mostReplicas
          : wanted < group.replicas && wanted >= 0;
        if (!Number.isInteger(wanted) || !legal) {
          throw new AwsError(
            'InvalidParameterValue',
            `NewReplicaCount must be ${grows ? `more than ${group.replicas} and at most ${mostReplicas}` : `less than ${group.replicas}`}.`,
            400,
            `ElastiCache API, ${name}: NewReplicaCount`,
          );
        }
        const { visible } = ledger.accept(`elasticache:${name}`, `elasticache:${region}:${group.id}`, {
          from: group.replicas,
          to: wanted,
        });
        group.status = 'modifying';
        const seconds = grows ? durations.increaseReplicas : durations.decreaseReplicas;
        clock.after(seconds * faults.slowFactor(`elasticache:${name}`), () => {
          group.replicas = wanted;
          group.status = 'available';
          visible();
        });
        return { ReplicationGroup: describe(group) };
      },
    };
  };

  const service = createQueryService({
    name: 'elasticache',
    version: '2015-02-02',
    operations: {
      DescribeReplicationGroups: {
        parameters: ['ReplicationGroupId', 'MaxRecords', 'Marker'],
        required: [],
        run(given, { region }) {
          const id = given.get('ReplicationGroupId');
          const found = id ? [find(region, id)] : groups.filter((group) => group.region === region);
          return { ReplicationGroups: { ReplicationGroup: found.map(describe) } };
        },
      },
      IncreaseReplicaCount: resizing('IncreaseReplicaCount'),
      DecreaseReplicaCount: resizing('DecreaseReplicaCount'),
    },
  });
  return { service, groups: () => groups };
};

/** `us-west-2` is `usw2` in the names of cache endpoints. */
const shortRegion = (region: string) => {
  const [area = '', direction = '', number = ''] = region.split('-');
  return `${area}${direction.slice(0, 1)}${number}`;
};
