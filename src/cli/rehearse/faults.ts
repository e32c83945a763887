import { didYouMean } from '../../plan/nearest.ts';
import type { Bot } from '../demo/bot.ts';
import { showRun, type Teller } from '../demo/story.ts';
import type { World } from '../demo/world.ts';

export interface FaultWish {
  step: string;
  kind: 'error' | 'timeout' | 'slow' | 'crash';
}

const effects = {
  error: 'is refused',
  timeout: 'is carried out but never answered',
  slow: 'takes five times as long',
} as const;

/** `promote=error` and the like. Throws when one cannot be used. */
export const readFaultWishes = (texts: readonly string[]): FaultWish[] =>
  texts.map((text) => {
    const match = /^([a-z][a-z0-9-]*)=(error|timeout|slow|crash)$/.exec(text);
    if (!match)
      throw new Error(
        `--fault ${text} cannot be used; expected STEP=error, STEP=timeout, STEP=slow or STEP=crash, such as promote=error.`,
      );
    return { step: match[1]!, kind: match[2] as FaultWish['kind'] };
  });

/**
 * The refusals are the sandbox's: it knows operations, the graph knows which step uses which. A crash ends the bot in the
 * middle of a step, with the change sent and not answered, and another one is started.
 */
export const plantFaults = async (
  world: World,
  bot: Bot,
  teller: Teller,
  runId: string,
  wishes: readonly FaultWish[],
): Promise<ReadonlySet<string>> => {
  const reached = new Set<string>();
  const run = await showRun(bot, runId);
  for (const { step: id, kind } of wishes) {
    const step = run.steps.find((candidate: { id: string }) => candidate.id === id);
    // What is sent as SQL to a real database cannot be refused on request.
    const isBreakable = (candidate: any) =>
      candidate.effect === 'change' && candidate.changes.some((change: string) => !change.startsWith('postgres:'));
    const valid = run.steps.filter(isBreakable).map((candidate: any) => candidate.id);
    if (!step || !isBreakable(step))
      throw new Error(`--fault: no step of this run that changes something is called "${id}".${didYouMean(id, valid)}`);
    if (kind === 'crash') {
      // A step that is never sent ends in no crash, and the world may be gone by then.
      crashAt(world, bot, teller, step).then(
        () => reached.add(id),
        () => {},
      );
      teller.say(`(When ${id} has been sent, the bot will be killed and started again.)`);
      continue;
    }
    for (const change of step.changes) await world.post('/faults', { kind, change });
    teller.say(`(From now on ${step.changes.join(', ')} ${effects[kind]}.)`);
    reached.add(id);
  }
  return reached;
};

const crashAt = async (
  world: World,
  bot: Bot,
  teller: Teller,
  step: { id: string; resources: string[]; changes: string[] },
): Promise<void> => {
  await world.until(`the change of ${step.id}`, 600, async () => {
    const { entries } = await world.get('/ledger');
    return entries.some(
      (entry: any) =>
        step.resources.includes(entry.resource) && step.changes.some((change) => entry.change.startsWith(change)),
    )
      ? true
      : undefined;
  });
  teller.say(`${step.id} was accepted: the bot is killed, and started again.`);
  await bot.crash();
};
