import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { withBlocks } from './plan-blocks.ts';

/**
 * The facts of a plan file that a world is built from. Read here from the YAML itself, without the bot's own loader,
 * so that a fault there cannot hide in the world that judges it.
 */
export interface WorldPlan {
  plan: string;
  title: string;
  account: string;
  people: Record<string, { name?: string; slack?: string; pagerduty?: string; email?: string }>;
  groups: Record<
    string,
    {
      'pagerduty-schedule'?: string;
      'pagerduty-policy'?: string;
      level?: number;
      'slack-group'?: string;
      people?: string[];
      offline?: string[];
    }
  >;
  regions: Record<string, { aws?: string; kubernetes?: string }>;
  /** The first is where everything runs when the world begins. */
  prefer: string[];
  components: Record<string, { kind: string; [key: string]: any }>;
  checks: Record<string, { uses: string; with: Record<string, any> }>;
  procedures: Record<string, Record<string, { steps?: Record<string, { uses: string; with?: Record<string, any> }> }>>;
  announce: { channels?: string[]; pagerduty?: { service: string; 'escalation-policy'?: string }; [key: string]: any };
}

export const readWorldPlan = (path: string): WorldPlan => {
  const read = parse(readFileSync(path, 'utf8'));
  return {
    title: read.plan,
    account: '000000000000',
    people: {},
    groups: {},
    regions: {},
    prefer: Object.keys(read.regions ?? {}),
    components: {},
    checks: {},
    ...read,
    procedures: withBlocks(path, read.procedures ?? {}, read.components ?? {}),
    announce: {
      ...read.announce,
      // A channel may be for some severities only; it is there all the same.
      channels: (read.announce?.channels ?? []).map((each: any) => (typeof each === 'string' ? each : each.channel)),
    },
  };
};
