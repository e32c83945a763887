import { faultAt } from './faults.ts';
import { didYouMean } from './nearest.ts';
import type { PlanText } from './schema.ts';
import type { PlanFault, PlanSource } from './source.ts';

/** AWS Regions that lie in a country of the European Union. London and Zurich do not. */
const areas: Record<string, readonly string[]> = {
  eu: ['eu-central-1', 'eu-north-1', 'eu-south-1', 'eu-south-2', 'eu-west-1', 'eu-west-3', 'eusc-de-east-1'],
};

/**
 * Data that may not leave an area (GDPR, chapter V) stands only in places of it: a failover, a replica or a restore
 * elsewhere cannot even be written down.
 */
export const residencyFaults = (text: PlanText, source: PlanSource): PlanFault[] =>
  Object.entries(text.components).flatMap(([name, component]): PlanFault[] => {
    const residency = component['residency'];
    if (residency === undefined) return [];
    const path = ['components', name];
    const allowed = typeof residency === 'string' && Object.hasOwn(areas, residency) ? areas[residency] : undefined;
    if (!allowed)
      return [
        faultAt(
          source,
          [...path, 'residency'],
          `no area is called "${String(residency)}".${didYouMean(String(residency), Object.keys(areas))}`,
        ),
      ];
    const only = component['only'];
    const places = Array.isArray(only) ? (only as string[]) : Object.keys(text.regions);
    return places
      .filter((place) => !allowed.includes(text.regions[place]?.aws ?? ''))
      .map((place) =>
        faultAt(
          source,
          [...path, 'residency'],
          `"${name}" must stay in the area "${residency}", but it stands in ${place} (${text.regions[place]?.aws ?? 'no AWS Region'}), which is not known to lie there; say under "only" where it stands`,
        ),
      );
  });
