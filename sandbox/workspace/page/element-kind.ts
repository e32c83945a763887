import type { Target } from './surface.ts';

/** What an element that was used tells: its block, itself, and what was chosen. */
export type Use = (blockId: string, element: any, value?: unknown) => Promise<unknown>;

export interface ElementProps {
  element: any;
  target: Target;
  blockId: string;
  use: Use;
  /** What was chosen or typed so far; undefined: what it begins with. */
  value?: unknown;
  /** Which text names it for those who do not see it. */
  labelledBy?: string;
  invalid?: boolean;
}

/** How one kind of element is drawn; `choose` tells what was chosen. */
export type Kind = (props: ElementProps & { choose(value?: unknown): void; busy: boolean }) => any;
