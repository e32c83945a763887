import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import { AwsError } from './aws-error.ts';

/** Where Route 53's checkers stand; each Region has several. */
const checkerRegions = [
  'us-east-1',
  'us-west-1',
  'us-west-2',
  'eu-west-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-northeast-1',
  'sa-east-1',
];
const checkersPerRegion = 2;

export interface HealthChecks {
  has(id: string): boolean;
  isHealthy(id: string): boolean;
  observations(id: string): { region: string; address: string; healthy: boolean; at: Date }[];
  close(): void;
}

/** Health checks of the places that a plan names: a Region that is down fails them, after as many failures as they need. */
export const createHealthChecks = ({ clock, faults, plans }: SandboxContext): HealthChecks => {
  const checks = new Map<string, { region: string; healthy: boolean; otherSince: number | undefined }>();
  for (const plan of plans) {
    for (const component of Object.values(plan.components)) {
      if (!component.kind.startsWith('route53-')) continue;
      for (const [place, id] of Object.entries(component['health-checks'] ?? {}))
        checks.set(String(id), { region: plan.regions[place]?.aws ?? place, healthy: true, otherSince: undefined });
    }
  }
  const look = () => {
    const now = clock.now().getTime();
    for (const check of checks.values()) {
      const works = !faults.regionDown(check.region);
      if (works === check.healthy) check.otherSince = undefined;
      else check.otherSince ??= now;
      if (check.otherSince === undefined || now - check.otherSince < durations.healthCheckFailing * 1000) continue;
      check.healthy = works;
      check.otherSince = undefined;
    }
  };
  const timer = checks.size === 0 ? undefined : setInterval(look, Math.max(20, 5000 / clock.speed));
  timer?.unref();
  const need = (id: string) => {
    const found = checks.get(id);
    if (found) return found;
    throw new AwsError(
      'NoSuchHealthCheck',
      `A health check with id ${id} does not exist.`,
      404,
      'Route 53 API, NoSuchHealthCheck',
    );
  };
  return {
    has: (id) => checks.has(id),
    isHealthy: (id) => checks.get(id)?.healthy ?? true,
    observations: (id) => {
      const { healthy } = need(id);
      return checkerRegions.flatMap((region, at) =>
        Array.from({ length: checkersPerRegion }, (_, number) => ({
          region,
          address: `15.177.${at}.${number + 1}`,
          healthy,
          at: clock.now(),
        })),
      );
    },
    close: () => clearInterval(timer),
  };
};
