import htm from 'htm';
import { type ComponentChildren, h, type VNode } from 'preact';

type Html = (strings: TemplateStringsArray, ...values: unknown[]) => VNode;

/** Markup as a tagged template; what is put into it becomes text or properties, never markup. */
export const html: Html = (htm as unknown as { bind(make: typeof h): Html }).bind(h);

export type Children = ComponentChildren;

/** Class names, those that hold. */
export const classes = (...names: (string | false | undefined)[]): string => names.filter(Boolean).join(' ');
