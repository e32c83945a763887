import type { Action, Check, System } from './define.ts';
import { redact, redactAll } from './redact.ts';

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
  // What was there before an act is put back as it was: it is read from where no secret may stand, and kept as it is.
  reversible:
    'undo' in action.reversible
      ? {
          ...action.reversible,
          observe: cleaned(action.reversible.observe.bind(action.reversible)),
          act: cleaned(action.reversible.act.bind(action.reversible)),
        }
      : action.reversible,
});

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
