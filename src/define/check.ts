import type { z } from 'zod';
import type { Permission } from './action.ts';
import type { Json } from './basics.ts';
import type { LookContext, PlanView } from './context.ts';

export interface Answer {
  answer: 'yes' | 'no' | 'unknown';
  /** One plain sentence with the figures that decided it. */
  because: string;
  /** What was read, for templates, references and reports. */
  facts?: Record<string, Json>;
}

export interface Check<W = any, I = any> {
  name: string;
  version: number;
  summary: string;
  with: z.ZodType<W>;
  resolve(written: W, plan: PlanView): I;
  input: z.ZodType<I>;
  /** Keys of `facts` that steps may refer to, by type. */
  facts: Record<string, 'string' | 'number' | 'boolean'>;
  permissions(input: I): Permission[];
  expectedSeconds: number;
  /** Must answer within its own deadline; a time-out is `unknown`, never an exception. */
  ask(input: I, context: LookContext): Promise<Answer>;
  command(input: I): string;
}
