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

/** A file beside a plan is read into the run and its record as it stands, so it may hold no secret either. */
export const secretInFile = (name: string, text: string): string | undefined => {
  if (/^\s*kind:\s*["']?Secret["']?\s*$/m.test(text))
    return `the file "${name}" holds a Secret, whose values would stand in the record of every run; keep it in the cluster, and change it with kubernetes/patch-secret`;
  if (redact(text) === text) return undefined;
  const line = text.split('\n').findIndex((each) => redact(each) !== each) + 1;
  return `the file "${name}" holds what looks like a secret${line > 0 ? ` in line ${line}` : ''}, and would stand in the record of every run; keep it where the system that needs it finds it`;
};
