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
  onCallNow: (schedule, at) => pagerduty.onCallNow(schedule, undefined, at),
  onCallAtLevel: (policy, level, at) => pagerduty.onCallAtLevel(policy, level, undefined, at),
  groupMembers: (group) => slack.client.groupMembers(group),
});
