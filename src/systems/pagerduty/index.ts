import type { System, SystemTools } from '../../define.ts';
import { note } from './actions/note.ts';
import { page } from './actions/page.ts';
import { requestResponders } from './actions/request-responders.ts';
import { resolve } from './actions/resolve.ts';
import { onCall } from './checks/on-call.ts';
import { createPagerDutyClient, type PagerDutyClient } from './client.ts';
import type { PagerDutySettings } from './config.ts';

export type { PagerDutyClient } from './client.ts';
export { type PagerDutySettings, pagerdutySettings } from './config.ts';

/** PagerDuty: pages, phone calls, notes, and who is on call. */
export const createPagerDuty = (
  settings: PagerDutySettings,
  _tools: SystemTools,
): System & { client: PagerDutyClient } & Pick<PagerDutyClient, 'onCallNow' | 'onCallAtLevel'> => {
  const client = createPagerDutyClient(settings);
  return {
    name: 'pagerduty',
    actions: [page(client), note(client), requestResponders(client), resolve(client)],
    checks: [onCall(client)],
    kinds: [],
    client,
    onCallNow: client.onCallNow,
    onCallAtLevel: client.onCallAtLevel,
    async close() {},
  };
};
