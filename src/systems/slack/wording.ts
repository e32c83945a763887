import { z } from 'zod';
import type { Json, StepContext } from '../../define.ts';
import { asSlackText } from './escape.ts';

/** The keys by which a step says what to write: a template of `templates/`, or plain text. */
export const wordingShape = {
  template: z.string().min(1).optional(),
  text: z.string().min(1).optional(),
  extra: z.record(z.string(), z.json()).optional(),
};

export interface Wording {
  template?: string;
  text?: string;
  extra?: Record<string, unknown>;
}

export const hasOneWording = ({ template, text }: Wording): boolean =>
  (template === undefined) !== (text === undefined);
export const oneWording = { message: 'write either template or text, and not both' };

export const wordingOf = async (wording: Wording, context: StepContext): Promise<string> => {
  const { template, text, extra } = wording;
  if (template === undefined) return asSlackText(undefined, text ?? '');
  return asSlackText(template, await context.render(template, (extra ?? {}) as Record<string, Json>));
};

/** For previews and commands, which come before there is anything to render. */
export const wordingName = ({ template, text }: Wording): string =>
  template === undefined ? `“${text}”` : `the text of ${template}`;
