import type { Action, Check, Json, System, Undo } from './define.ts';
import { holdsRedacted, redact, redactAll } from './redact.ts';

/**
 * A system whose every word is freed of secrets before anybody sees it: what a pod printed, what a health URL answered,
 * what a service said as it refused. From here on it may be shown, logged and journalled.
 */
export const guarded = (system: System): System => ({
  ...system,
  actions: system.actions.map(guardedAction),
  checks: system.checks.map(guardedCheck),
});

const guardedCheck = (check: Check): Check => ({ ...check, ask: cleaned(check.ask.bind(check)) });

const guardedAction = (action: Action): Action => ({
  ...action,
  observe: cleaned(action.observe.bind(action)),
  act: cleaned(action.act.bind(action)),
  preview: cleaned(action.preview.bind(action)),
  reversible: 'undo' in action.reversible ? guardedUndo(action.reversible) : action.reversible,
});

/**
 * What was there before an act is put back as it was, or not at all: the journal keeps no secret, and what it wrote in its
 * place must never be written into the world.
 */
const guardedUndo = (undo: Undo): Undo => {
  const observe = cleaned(undo.observe.bind(undo));
  const lost = (before: Json) => holdsRedacted(JSON.stringify(redactAll(before)));
  return {
    ...undo,
    observe: async (input, before, context) =>
      lost(before)
        ? {
            state: 'impossible',
            seen: 'what stood there before held a secret, which is kept nowhere; put it back by hand',
          }
        : observe(input, before, context),
    act: cleaned(undo.act.bind(undo)),
  };
};

const cleaned =
  <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
  async (...args: A): Promise<R> => {
    try {
      return redactAll(await work(...args));
    } catch (error) {
      if (error instanceof Error) error.message = redact(error.message);
      throw error;
    }
  };
