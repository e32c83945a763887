import type { CacheGroup } from '../aws/elasticache.ts';
import type { Bucket } from '../aws/s3.ts';
import type { Instance } from '../databases/instance.ts';
import type { WorldPlan } from '../world-plan.ts';

/** What the resources of the world are called, as far as Secrets and ConfigMaps hold it. */
export interface Addresses {
  instances: Instance[];
  groups: CacheGroup[];
  buckets: Bucket[];
}

/**
 * What a value was before a step changed it: where a step's output will be written (`{{ steps.x.output.y }}`), the
 * same fact of the place where everything runs at first; for a literal, something that is not it.
 */
export const createOldValues =
  ({ instances, groups, buckets }: Addresses) =>
  (plan: WorldPlan, newValue: unknown): string => {
    const [, step, field] = /^{{\s*steps\.([\w-]+)\.output\.([\w-]+)\s*}}$/.exec(String(newValue)) ?? [];
    if (!step || !field) return `before-${String(newValue)}`;
    const given = Object.values(plan.procedures)
      .flatMap((scopes) => Object.values(scopes))
      .map((procedure) => procedure.steps?.[step]?.with)
      .find((found) => found?.['component']);
    const component = plan.components[given?.['component']];
    const place = plan.prefer[0] ?? '';
    const id = component?.[place];
    const region = plan.regions[place]?.aws;
    const instance = instances.find((one) => (one.id === id || one.endpoint === id) && one.region === region);
    const group = groups.find((one) => one.id === id && one.region === region);
    const bucket = buckets.find((one) => one.name === id);
    const facts: Record<string, string | undefined> = {
      endpoint: instance?.endpoint ?? group?.endpoint,
      // What people run by themselves is called by its host.
      host: instance?.endpoint,
      port: instance && String(instance.port),
      instance: instance?.id,
      bucket: bucket?.name,
      region,
    };
    return facts[field] ?? `before-${step}-${field}`;
  };
