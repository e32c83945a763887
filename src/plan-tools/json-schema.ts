import { z } from 'zod';
import { dayNames } from '../plan/hours.ts';
import type { Registry } from '../plan/registry.ts';
import { planSchema, ruleSchema } from '../plan/schema.ts';

type Schema = { [key: string]: any };

/**
 * The plan language as JSON Schema (draft 2020-12), for editors: the keys of a plan, what each kind of component takes,
 * and which actions and checks there are. What needs more than one place to be judged, the linter judges.
 */
export const jsonSchemaOf = (registry: Registry): Schema => {
  const toSchema = (schema: z.ZodType): Schema =>
    z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', target: 'draft-2020-12' });
  const plan = toSchema(planSchema);
  const kinds = [...registry.kinds.values()].map((kind): Schema => {
    const { $schema: _, ...settings } = toSchema(kind.settings);
    return {
      type: 'object',
      description: kind.summary,
      properties: {
        kind: { const: kind.name, description: kind.summary },
        only: { type: 'array', items: { type: 'string' }, description: 'the places where it stands, when not in all' },
        residency: { enum: ['eu'], description: 'the area that its data may not leave' },
        ...settings['properties'],
      },
      required: ['kind', ...(settings['required'] ?? [])],
      // Names of places are the plan's own; a kind that is called nothing anywhere has none.
      additionalProperties: kind.at instanceof z.ZodUndefined ? false : without$schema(toSchema(kind.at)),
    };
  });
  const uses = [...registry.actions.values(), ...registry.checks.values()]
    .map(({ name, summary }) => ({ const: name, description: summary }))
    .sort((a, b) => a.const.localeCompare(b.const));
  const properties: Schema = plan['properties'];
  properties['components'] = { type: 'object', additionalProperties: { oneOf: kinds } };
  const one = without$schema(toSchema(ruleSchema));
  const rule = { anyOf: [one, { type: 'array', items: one, minItems: 1 }] };
  properties['approvals'].additionalProperties = {
    type: 'object',
    properties: { expires: { type: 'string' }, otherwise: rule, always: rule },
    patternProperties: { [`^(${Object.keys(dayNames).join('|')}) \\d\\d:\\d\\d-\\d\\d:\\d\\d \\S+$`]: rule },
    required: ['expires'],
    anyOf: [{ required: ['otherwise'] }, { required: ['always'] }],
    additionalProperties: false,
  };
  const checks = [...registry.checks.keys()];
  const ofCheck = new Set(checks);
  putUses(
    properties['checks'],
    uses.filter((each) => ofCheck.has(each.const)),
  );
  putUses(properties['procedures'], uses);
  return { ...plan, title: 'Mayday plan' };
};

const without$schema = ({ $schema: _, ...rest }: Schema): Schema => rest;

/** Wherever a schema has the key `uses`, what may stand there is known. */
const putUses = (schema: Schema, uses: { const: string; description: string }[]): void => {
  for (const [key, value] of Object.entries(schema)) {
    if (typeof value !== 'object' || value === null) continue;
    if (key === 'properties' && value.uses) value.uses = { oneOf: uses };
    putUses(value, uses);
  }
};
