import type { FormContext, FormField } from '../src/define.ts';

/** Fields that several forms share. */

const plansWith = ({ plans }: FormContext, flow: string | undefined) =>
  plans
    .names()
    .map((name) => plans.find(name))
    .filter((plan) => flow === undefined || plan.scopes(flow).length > 0);

/** Which system; only those that have a procedure of the flow, when one is named. */
export const planField = (context: FormContext, flow?: string): FormField => {
  const options = plansWith(context, flow).map(({ name, title }) => ({ value: name, label: `${title} (${name})` }));
  return options.length === 0
    ? { kind: 'note', name: 'plan', label: 'No plan here has a procedure for this.' }
    : {
        kind: 'choice',
        name: 'plan',
        label: 'Which system?',
        options,
        decides: true,
        ...(options.length === 1 && { initial: options[0]!.value }),
      };
};

/** The plan that has been chosen, or the only one that there is. */
export const chosenPlan = (chosen: Readonly<Record<string, string>>, context: FormContext, flow?: string) => {
  const all = plansWith(context, flow);
  return all.find(({ name }) => name === chosen['plan']) ?? (all.length === 1 ? all[0] : undefined);
};

export const scopeField = (scopes: readonly string[], label = 'Which part of it?'): FormField => ({
  kind: 'choice',
  name: 'scope',
  label,
  options: scopes.map((scope) => ({ value: scope, label: scope })),
  ...(scopes.includes('region') ? { initial: 'region' } : scopes.length === 1 && { initial: scopes[0] }),
});

export const placeField = (places: readonly string[]): FormField => ({
  kind: 'choice',
  name: 'to',
  label: 'Where to?',
  optional: true,
  hint: 'Nothing chosen: away from home.',
  options: places.map((place) => ({ value: place, label: place })),
});

export const reasonField: FormField = {
  kind: 'text',
  name: 'reason',
  label: 'Why?',
  hint: 'Those who approve and those who audit read it.',
  multiline: true,
};

/** The words of a line, without those that are not there. */
export const lineOf = (...words: (string | undefined | false)[]): string => words.filter(Boolean).join(' ');
