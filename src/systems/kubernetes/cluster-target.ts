import { z } from 'zod';
import type { PlanView, ResourceChange } from '../../define.ts';

/** What every action on a cluster says of where it acts. */
export const clusterTarget = {
  cluster: z.string(),
  region: z.string().optional(),
  namespace: z.string(),
  account: z.string().optional(),
};

export interface ClusterTarget {
  cluster: string;
  region?: string;
  namespace: string;
  account?: string;
}

/** Turns a place's name into the context of its cluster. */
export const resolveCluster = (plan: PlanView, place: string, namespace: string): ClusterTarget => {
  const { kubernetes: cluster, aws: region } = plan.region(place);
  if (!cluster) throw new Error(`place ${place} has no cluster (kubernetes:) under regions`);
  return { cluster, region, namespace, account: plan.account };
};

export const objectId = ({ cluster, namespace }: ClusterTarget, kind: string, name: string): string =>
  `kubernetes:${cluster}:${namespace}/${kind.toLowerCase()}/${name}`;

export const change = (
  target: ClusterTarget,
  kind: string,
  name: string,
  now: string,
  then: string,
): ResourceChange => ({
  resource: objectId(target, kind, name),
  account: target.account,
  region: target.region,
  now,
  then,
});
