import type { Fault } from '../faults.ts';
import type { SandboxContext } from '../part.ts';
import type { World } from '../world.ts';

/** For how long Slack tells everybody to wait, in wall seconds, as somebody watching would count them. */
const limitedSeconds = 60;

/** The buttons that break the world, and the one that mends it. */
export const createBreakers = ({ faults }: SandboxContext, world: World) => {
  let mendSlack: NodeJS.Timeout | undefined;
  const usualLag = world.databases.lagSeconds;
  const isDown = (region: string) => (fault: Fault) => fault.kind === 'region-down' && fault.region === region;
  const isService = (service: string) => (fault: Fault) => fault.kind === 'service' && fault.service === service;

  return {
    'region-down': ({ region }: { region: string }) => {
      if (!faults.regionDown(region)) faults.add({ kind: 'region-down', region });
    },
    'region-up': ({ region }: { region: string }) => faults.remove(isDown(region)),
    lag: ({ seconds }: { seconds: number }) => {
      world.databases.lagSeconds = Math.max(usualLag, Number(seconds) || 0);
    },
    'slack-limited': () => {
      faults.remove(isService('slack'));
      faults.add({ kind: 'service', service: 'slack', how: '429', retryAfterSeconds: 5 });
      clearTimeout(mendSlack);
      mendSlack = setTimeout(() => faults.remove(isService('slack')), limitedSeconds * 1000);
      mendSlack.unref();
    },
    'pagerduty-down': () => {
      faults.remove(isService('pagerduty'));
      faults.add({ kind: 'service', service: 'pagerduty', how: '500' });
    },
    'pagerduty-up': () => faults.remove(isService('pagerduty')),
    mend: () => {
      clearTimeout(mendSlack);
      faults.clear();
      world.databases.lagSeconds = usualLag;
    },
  };
};

export type Breakers = ReturnType<typeof createBreakers>;
