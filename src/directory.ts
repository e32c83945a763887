import type { Directory } from './chat/authority.ts';
import type { PagerDutyClient } from './systems/pagerduty/client.ts';
import type { SlackClient } from './systems/slack/index.ts';

/** Where it is looked up, at the moment of a click, who belongs to a group. */
export const createDirectory = (systems: {
  pagerduty: Pick<PagerDutyClient, 'onCallNow' | 'onCallAtLevel'>;
  slack: { client: Pick<SlackClient, 'groupMembers'> };
}): Directory => ({
  onCallNow: (schedule, at) => systems.pagerduty.onCallNow(schedule, undefined, at),
  onCallAtLevel: (policy, level, at) => systems.pagerduty.onCallAtLevel(policy, level, undefined, at),
  groupMembers: (group) => systems.slack.client.groupMembers(group),
});
