import { redact } from '../redact.ts';
import type { PlanFault, PlanSource } from './source.ts';

/** Secrets stand in a plan by reference only (`{ env: NAME }`): whoever may read the file must learn nothing. */
export const secretFaults = (source: PlanSource): PlanFault[] => {
  const faults: PlanFault[] = [];
  const visit = (value: unknown, path: (string | number)[]): void => {
    if (typeof value === 'string') {
      if (redact(value) !== value)
        faults.push({
          file: source.file,
          ...source.placeOf(path),
          message: `${path.join('.')} holds what looks like a secret; name the variable that holds it instead: { env: NAME }`,
        });
    } else if (Array.isArray(value)) for (const [i, member] of value.entries()) visit(member, [...path, i]);
    else if (typeof value === 'object' && value !== null)
      for (const [key, member] of Object.entries(value)) visit(member, [...path, key]);
  };
  visit(source.value, []);
  return faults;
};
