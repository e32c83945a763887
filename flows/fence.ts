import {
  defineFlow,
  type FlowPlan,
  fenceStepId,
  type Place,
  readUnfenced,
  type StepDraft,
  unfencedFact,
} from '../src/define.ts';
import { gather } from './telling.ts';

/** A month: an old place that is gone for longer is not coming back by itself. */
const patienceSeconds = 30 * 86_400;

const otherThan = (plan: FlowPlan, place: Place): Place => plan.places.find((other) => other !== place) ?? place;

/**
 * Pays what a failover owes that could not fence its old primary: waits until the old place answers, then at once stops
 * everything that writes there and fences its databases, and proves both. Until then nothing may fail back to it.
 */
export const fence = defineFlow({
  name: 'fence',
  summary: 'Make a place that was left without a fence safe, as soon as it answers',
  whenToUse: 'Mayday starts it by itself after a failover away from a place that could not be reached.',
  canBreak: 'Nothing that serves: it stops only what was failed away from.',
  approval: undefined,
  readOnly: false,
  locate: 'named',
  build(plan, request) {
    const place = request.to!;
    // Only what was failed over: the rest of the place may still serve.
    const left = request.scope === 'all' ? plan.components : plan.componentsOf(request.scope);
    const isOwed = (component: string) => {
      const fact = plan.incident[unfencedFact(component)];
      return fact === undefined || readUnfenced(fact).place === place;
    };
    const owed = left.filter(isOwed);
    // What was moved with other plans is owed as well: it was included under another name.
    const elsewhere = ['failover', 'switchover']
      .filter((flow) => plan.hasProcedure(flow, request.scope))
      .flatMap((flow) => plan.fences(flow, request.scope, { from: place, to: otherThan(plan, place) }))
      .filter(({ plan: owner, component }, i, all) => {
        const fact = plan.incident[unfencedFact(component)];
        const isFirst = all.findIndex((other) => other.component === component) === i;
        return owner !== undefined && isFirst && fact !== undefined && readUnfenced(fact).place === place;
      });
    const fences = [...owed.flatMap((component) => plan.fencesOf(component, place)), ...elsewhere].map(
      ({ component, uses, with: target, ...fence }): StepDraft => ({
        id: fenceStepId(component),
        title: `Fence ${component} in ${place} when it answers`,
        phase: 'fence',
        ...('plan' in fence && { plan: fence.plan as string }),
        uses,
        with: target,
        whenUnreachable: { rule: 'wait' },
        timeoutSeconds: patienceSeconds,
        record: { name: unfencedFact(component), from: 'unfenced' },
      }),
    );
    const writers = plan.writers(place).filter(({ component }) => left.includes(component));
    const stops = writers.map(
      ({ component, name, title, uses, with: target }): StepDraft => ({
        id: `stop-${component}-${name}`,
        title,
        phase: 'fence',
        uses,
        with: target,
        whenUnreachable: { rule: 'wait' },
        timeoutSeconds: patienceSeconds,
      }),
    );
    const page = gather(plan, request, true).steps.filter(({ id }) => id === 'page');
    const { channel } = plan.incident;
    const say = (id: string, template: string, edges: Partial<StepDraft>): StepDraft[] =>
      channel
        ? [
            {
              id,
              title: 'Say it in the channel',
              phase: 'report',
              uses: 'slack/post',
              with: { channel, template },
              ...edges,
            },
          ]
        : [];
    const all = [...fences, ...stops].map(({ id }) => id);
    return {
      steps: [
        ...fences,
        ...stops,
        ...page.map((step) => ({ ...step, onHalt: true, withinSeconds: undefined, record: undefined })),
        ...say('say-owed', 'slack/fence-owed', {}),
        ...say('say-safe', 'slack/fence-safe', { needs: all }),
        ...say('say-halted', 'slack/halted', { onHalt: true }),
      ],
      claims: [],
    };
  },
});
