import { SlackRefusal } from './slack-refusal.ts';
import type { Workspace } from './workspace.ts';

const lifeMilliseconds = 3000;

interface Trigger {
  user: string;
  /** The modal in which the person did what it comes from. */
  view: string | undefined;
  madeAt: number;
  used: boolean;
}

/** Trigger ids: good for three seconds of real time, whatever the world's speed, and for one view. */
export const createTriggers = (workspace: Workspace) => {
  const triggers = new Map<string, Trigger>();
  return {
    create(user: string, view?: string): string {
      const id = workspace.newId('13345224609.');
      triggers.set(id, { user, view, madeAt: performance.now(), used: false });
      return id;
    },
    exchange(id: string, method = 'views.open'): Pick<Trigger, 'user' | 'view'> {
      const source = `https://docs.slack.dev/reference/methods/${method}`;
      const trigger = triggers.get(id);
      if (!trigger) throw new SlackRefusal('invalid_trigger_id', [], source);
      if (trigger.used) throw new SlackRefusal('exchanged_trigger_id', [], source);
      if (performance.now() - trigger.madeAt > lifeMilliseconds)
        throw new SlackRefusal('expired_trigger_id', [], source);
      trigger.used = true;
      return trigger;
    },
  };
};

export type Triggers = ReturnType<typeof createTriggers>;
