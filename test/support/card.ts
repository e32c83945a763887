import { cardOf, hasButton, type World, wholeText } from '../../src/cli/demo/world.ts';

/** A run's card once what it says, all of it, fits. */
export const cardSaying = (world: World, runId: string, what: RegExp) =>
  world.until(`a card that says ${what}`, 90, async () => {
    const card = await cardOf(world, runId);
    return card && what.test(wholeText(card.message)) ? card : undefined;
  });

/** Clicks a button of a run's card as soon as it is there; with words, fills in the form that opens. */
export const clickOnCard = async (
  world: World,
  runId: string,
  user: string,
  actionId: string,
  words?: string,
): Promise<void> => {
  const card = await world.until(`the button ${actionId}`, 90, async () => {
    const found = await cardOf(world, runId);
    return found && hasButton(found.message, actionId) ? found : undefined;
  });
  const clicked = await world.post('/slack/click', { user, channel: card.channel.id, ts: card.message.ts, actionId });
  if (words === undefined) return;
  if (!clicked.view) throw new Error(`${actionId} opened no form for ${user}: ${clicked.status} ${clicked.said}`);
  await world.post('/slack/submit', { user, viewId: clicked.view.id, values: { field: { value: words } } });
};

/** The card of a run that has succeeded; throws what it says when it ended otherwise. */
export const succeededCard = (world: World, runId: string) =>
  world.until(`the success of ${runId}`, 90, async () => {
    const card = await cardOf(world, runId);
    if (card && /Failed|Aborted/.test(card.message.text)) throw new Error(wholeText(card.message));
    return card?.message.text.startsWith('✅') ? card : undefined;
  });
