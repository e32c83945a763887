import type { z } from 'zod';
import type { Action } from './action.ts';
import type { Place } from './basics.ts';
import type { Check } from './check.ts';
import type { ComponentView, LookContext, PlanView } from './context.ts';

export interface ComponentKind<A = any, S = any> {
  /** `rds-postgresql`, as plans write it under `kind`. */
  name: string;
  summary: string;
  /** What stands under each place's name. */
  at: z.ZodType<A>;
  /** The other keys. */
  settings: z.ZodType<S>;
  /** Why what stands under a place's name cannot be so, given the other keys. */
  wrongAt?(at: A, settings: S): string | undefined;
  /** Resource ids of this component in one place, spelt as `Action.resources` does. */
  resources(component: ComponentView, place: Place, plan: PlanView): string[];
  /** Which role this place plays now; only for kinds that can tell. */
  role?(
    component: ComponentView,
    place: Place,
    plan: PlanView,
    context: LookContext,
  ): Promise<{ role: 'active' | 'standby' | 'absent' | 'unknown'; because: string }>;
  /** Several places can serve a part of it at once, so that one that serves need not serve all of it. */
  isShared?: true;
  /** The action that makes sure that this place takes no more writes; for kinds that can be promoted elsewhere. */
  fence?(component: ComponentView, place: Place, plan: PlanView): FenceDraft;
  /** What stops this component in a place for good, when it writes to others there. */
  stop?(component: ComponentView, place: Place, plan: PlanView): (FenceDraft & { name: string; title: string })[];
  /**
   * What makes one place follow another again, whose primary it was: before a failback may promote there, and
   * afterwards for the place that was left. Names, not ids: steps of one component, in their order.
   */
  resynchronise?(
    component: ComponentView,
    places: { from: Place; to: Place },
    plan: PlanView,
    stamp: string,
  ): ResynchroniseDraft[];
  /** One line for `/dr status`: what is there in this place now. */
  describe?(component: ComponentView, place: Place, plan: PlanView, context: LookContext): Promise<string>;
}

/** A step in the words of a plan, without its place in a graph. */
export interface FenceDraft {
  uses: string;
  with: Record<string, unknown>;
}

/** A step of a resynchronisation; each waits for the one before it. */
export interface ResynchroniseDraft extends FenceDraft {
  name: string;
  title: string;
  /** Present: a person does it, in these words, because no call can. */
  manual?: string;
  timeoutSeconds?: number;
}

/** One outside system: its folder under `src/systems/` exports a function that makes this from settings. */
export interface System {
  name: string;
  actions: Action[];
  checks: Check[];
  kinds: ComponentKind[];
  close(): Promise<void>;
}
