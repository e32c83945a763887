import type { Clock, Log } from './define.ts';
import { messageOf } from './errors.ts';
import type { Plan } from './plan/plan.ts';
import type { Registry } from './plan/registry.ts';
import { viewPlan } from './plan/view.ts';

/**
 * Looks once at every component in every place, right after the start: says early what a plan names and the world does
 * not have, and leaves credentials loaded and connections open, so that the first command does not wait for them.
 */
export const lookAround = async (plans: Iterable<Plan>, registry: Registry, clock: Clock, log: Log): Promise<void> => {
  for (const plan of plans) {
    const view = viewPlan(plan, registry);
    const signal = AbortSignal.timeout(15_000);
    await Promise.allSettled(
      view.components.flatMap((name) =>
        view.places.map(async (place) => {
          const component = view.component(name);
          const context = { clock, log, signal };
          const role = await view.roleOf(name, place, context);
          if (role?.role === 'absent' || role?.role === 'unknown')
            log.warn({ plan: view.plan, component: name, place }, role.because);
          await registry.kinds.get(component.kind)?.describe?.(component, place, view, context);
        }),
      ),
    ).then((results) => {
      for (const result of results)
        if (result.status === 'rejected') log.warn({ plan: view.plan }, messageOf(result.reason));
    });
  }
};
