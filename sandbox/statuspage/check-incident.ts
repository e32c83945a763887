const statuses = [
  'investigating',
  'identified',
  'monitoring',
  'resolved',
  'scheduled',
  'in_progress',
  'verifying',
  'completed',
];
const impacts = ['none', 'maintenance', 'minor', 'major', 'critical'];
const componentStatuses = [
  'operational',
  'under_maintenance',
  'degraded_performance',
  'partial_outage',
  'major_outage',
  '',
];
const known = new Set([
  'name',
  'status',
  'impact_override',
  'metadata',
  'deliver_notifications',
  'body',
  'components',
  'component_ids',
  'reminder_intervals',
  'backfilled',
  'backfill_date',
  'scheduled_for',
  'scheduled_until',
]);

/** What the official description says against an incident's body; nothing when it is well-formed. */
export const checkIncident = (asked: any, isCreate: boolean, componentIds: Set<string>): string[] => {
  if (typeof asked !== 'object' || asked === null) return ['incident is missing'];
  const errors = Object.keys(asked)
    .filter((key) => !known.has(key))
    .map((key) => `${key} is unknown`);
  if (isCreate && !asked.name) errors.push("Name can't be blank");
  if (String(asked.name ?? '').length > 255) errors.push('Name is too long (maximum is 255 characters)');
  if (asked.status !== undefined && !statuses.includes(asked.status)) errors.push('Status is not included in the list');
  if (asked.impact_override !== undefined && !impacts.includes(asked.impact_override))
    errors.push('Impact override is not included in the list');
  if (String(asked.body ?? '').length > 25_000) errors.push('Body is too long (maximum is 25000 characters)');
  if (asked.metadata !== undefined) {
    const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isObject(asked.metadata) || !Object.values(asked.metadata).every(isObject))
      errors.push('Metadata top-level values must be objects');
  }
  for (const id of asked.component_ids ?? []) if (!componentIds.has(id)) errors.push(`Component ${id} does not exist`);
  for (const [id, status] of Object.entries(asked.components ?? {})) {
    if (!componentIds.has(id)) errors.push(`Component ${id} does not exist`);
    if (!componentStatuses.includes(String(status)))
      errors.push(`Component status ${status} is not included in the list`);
  }
  return errors;
};
