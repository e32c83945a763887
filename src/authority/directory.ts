/** Where it is looked up, at the moment of a click, who belongs to a group. */
export interface Directory {
  /** PagerDuty user ids that are on call for a schedule, now or at a given time. */
  onCallNow(schedule: string, at?: Date): Promise<string[]>;
  /** PagerDuty user ids that are on call at a level of an escalation policy (null: at any), now or at a given time. */
  onCallAtLevel(policy: string, level: number | null, at?: Date): Promise<string[]>;
  /** Slack user ids of a user group now. */
  groupMembers(group: string): Promise<string[]>;
}

interface Sources {
  pagerduty: {
    onCallNow(schedule: string, signal?: AbortSignal, at?: Date): Promise<string[]>;
    onCallAtLevel(policy: string, level: number | null, signal?: AbortSignal, at?: Date): Promise<string[]>;
  };
  slack: { client: { groupMembers(group: string): Promise<string[]> } };
}

/** PagerDuty and Slack as a directory. */
export const createDirectory = ({ pagerduty, slack }: Sources): Directory => ({
  onCallNow: shared((schedule, at) => pagerduty.onCallNow(schedule, undefined, at)),
  onCallAtLevel: shared((policy, level, at) => pagerduty.onCallAtLevel(policy, level, undefined, at)),
  groupMembers: shared((group) => slack.client.groupMembers(group)),
});

/**
 * One look-up serves all who were waiting when it began, and nobody gets an older answer: who comes while one is under way waits
 * for the next. Twenty clicks at once are two calls.
 */
const shared = <Asked extends unknown[]>(ask: (...asked: Asked) => Promise<string[]>) => {
  const running = new Map<string, Promise<unknown>>();
  const waiting = new Map<string, Promise<string[]>>();
  const begin = (key: string, asked: Asked): Promise<string[]> => {
    const answer = ask(...asked);
    const ended = answer
      .catch(() => {})
      .finally(() => {
        if (running.get(key) === ended) running.delete(key);
      });
    running.set(key, ended);
    return answer;
  };
  return (...asked: Asked): Promise<string[]> => {
    const key = JSON.stringify(asked);
    const before = running.get(key);
    if (!before) return begin(key, asked);
    const next =
      waiting.get(key) ??
      before.then(() => {
        waiting.delete(key);
        return begin(key, asked);
      });
    waiting.set(key, next);
    return next;
  };
};
