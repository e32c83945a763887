import { mentionsOf } from '../mentions.ts';
import type { WorldPlan } from '../world-plan.ts';

/** A table of the protected application, known only by what the plan says of it. */
export interface Table {
  name: string;
  /** The column that says when a row was written; replay and restore go by it. */
  column: string;
  heartbeat: boolean;
}

/** The tables that a plan's heartbeat, checks and procedures mention for one database component. */
export const tablesOf = (plan: WorldPlan, component: string): Table[] => {
  const tables = new Map<string, Table>();
  const heartbeat = plan.components[component]?.['heartbeat'] as { table: string; column: string } | undefined;
  if (heartbeat) tables.set(heartbeat.table, { name: heartbeat.table, column: heartbeat.column, heartbeat: true });
  for (const { with: given } of mentionsOf(plan)) {
    const { table, column } = given;
    if (typeof table !== 'string' || typeof column !== 'string') continue;
    if (given['component'] !== undefined && given['component'] !== component) continue;
    if (!tables.has(table)) tables.set(table, { name: table, column, heartbeat: false });
  }
  return [...tables.values()];
};
