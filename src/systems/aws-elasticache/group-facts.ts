import type { ReplicationGroup } from '@aws-sdk/client-elasticache';

export interface GroupFacts {
  status: string;
  /** Nodes in all: the primary and its replicas. */
  nodes: number;
  /** Replicas of the node group that has the fewest. */
  replicas: number;
  endpoint: string | undefined;
}

export const groupFacts = (group: ReplicationGroup): GroupFacts => {
  const nodeGroups = group.NodeGroups ?? [];
  const replicas = nodeGroups.map((one) => (one.NodeGroupMembers?.length ?? 1) - 1);
  return {
    status: group.Status ?? 'unknown',
    nodes: group.MemberClusters?.length ?? 0,
    replicas: replicas.length > 0 ? Math.min(...replicas) : 0,
    // With cluster mode on there is one configuration endpoint instead of a primary's.
    endpoint: group.ConfigurationEndpoint?.Address ?? nodeGroups[0]?.PrimaryEndpoint?.Address,
  };
};

export const describeGroup = (group: ReplicationGroup): string => {
  const { status, nodes } = groupFacts(group);
  return `${status}, ${nodes} ${nodes === 1 ? 'node' : 'nodes'}`;
};
