import type { WorldPlan } from '../../sandbox/world-plan.ts';
import type { Action, PlanView, StepContext, System } from '../../src/define.ts';
import { MaydayError } from '../../src/errors.ts';

/** A plan as actions see it, each component parsed by its kind, as the plan language does it. */
export const planViewOf = (
  written: Omit<WorldPlan, 'people' | 'groups' | 'announce' | 'checks' | 'procedures'>,
  systems: System[],
  files: Record<string, string> = {},
): PlanView => ({
  plan: written.plan,
  title: written.title,
  account: written.account,
  places: Object.keys(written.regions),
  region(place) {
    const found = written.regions[place];
    if (!found) throw new Error(`no place ${place}`);
    return found;
  },
  component(name, ...kinds) {
    const { kind: kindName, ...rest } = written.components[name] ?? { kind: 'none' };
    if (kinds.length > 0 && !kinds.includes(kindName)) throw new Error(`${name} is of kind ${kindName}`);
    const kind = systems.flatMap((system) => system.kinds).find((one) => one.name === kindName);
    if (!kind) throw new Error(`no kind ${kindName}`);
    const places = Object.keys(written.regions);
    const split = (wanted: boolean) => Object.entries(rest).filter(([key]) => places.includes(key) === wanted);
    return {
      name,
      kind: kindName,
      places,
      at: Object.fromEntries(split(true).map(([place, value]) => [place, kind.at.parse(value)])),
      settings: kind.settings.parse(Object.fromEntries(split(false))) as Record<string, unknown>,
    };
  },
  person: (name) => ({ name }),
  file(path) {
    const text = files[path];
    if (text === undefined) throw new Error(`no file ${path}`);
    return text;
  },
  directory: {},
});

/** Resolves an action and brings it about as the engine would: looks, acts at most once, looks until it is done. */
export const carryOut = async (
  action: Action,
  written: object,
  plan: PlanView,
  step: () => StepContext,
): Promise<{ output: Record<string, any>; seen: string[] }> => {
  const input = action.input.parse(action.resolve(action.with.parse(written), plan));
  const seen: string[] = [];
  let acted = false;
  for (;;) {
    const observation = await action.observe(input, step());
    if (seen.at(-1) !== observation.seen) seen.push(observation.seen);
    if (observation.state === 'done') return { output: action.output.parse(observation.output), seen };
    if (observation.state === 'impossible') throw new Error(observation.seen);
    if (observation.state === 'todo' && !acted) {
      acted = true;
      await action.act(input, step()).catch((error) => {
        // An answer that was not heard leaves it to the next look.
        if (!(error instanceof MaydayError) || error.effect !== 'maybe-made') throw error;
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
