import type { Json, Place } from './basics.ts';

export interface Clock {
  /** The time that plans speak of. Equals `wall` unless a rehearsal runs faster than life. */
  now(): Date;
  /** Protocol time: signatures, sockets, the journal's timestamps. */
  wall(): Date;
  /** World seconds per wall second; 1 outside a rehearsal. */
  readonly speed: number;
}

export interface Log {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** What a look at the world needs. */
export interface LookContext {
  clock: Clock;
  log: Log;
  /** Aborted when the step is out of time or the process stops. */
  signal: AbortSignal;
}

/** What a deed needs besides. */
export interface StepContext extends LookContext {
  runId: string;
  stepId: string;
  /** Stable over retries and crashes, unique over runs: the idempotency key of this step, `<run>/<step>`. */
  key: string;
  /**
   * Must be awaited right before each call that changes something. Throws when this worker no longer holds the run.
   * Resolves to the call's deadline: a signal that fires before the hold can lapse, and after some seconds in any case.
   */
  beforeChange(): Promise<AbortSignal>;
  /** Renders a template of `templates/` (name without `.liquid`) with the run's facts and `extra`. */
  render(template: string, extra?: Record<string, Json>): Promise<string>;
  /** The run's facts as templates see them; for wording that depends on the outcome. */
  facts(): Promise<Record<string, Json>>;
}

/** Where a host of a plan is really reached: `MAYDAY_HOSTS`, `MAYDAY_CA` and `MAYDAY_DNS_SERVERS` in one place. */
export interface Dialler {
  /**
   * The address to connect to; the given host and port when nothing maps them, and `mapped` when something does. TLS still
   * names the given host.
   */
  reach(host: string, port: number): { host: string; port: number; mapped?: true };
  /** PEM of an authority trusted besides the usual ones. */
  readonly authority: string | undefined;
  /** `address:port` of the resolvers that DNS checks ask; empty means the machine's own. */
  readonly dnsServers: readonly string[];
}

/** What each system is made from, besides its own settings. */
export interface SystemTools {
  dialler: Dialler;
  clock: Clock;
  log: Log;
  /** Shared by all processes that call with the same token; absent where only one command runs. */
  budget?: CallBudget;
  /** A secret that a plan names by reference (`{ env: NAME }`); throws naming what is missing and what it is for. */
  secret(reference: { env: string }, purpose: string): string;
}

/** How many calls an outside service allows, kept in one place for all processes. */
export interface CallBudget {
  /**
   * Asks for one call. 0: it may be made now; otherwise after how many wall milliseconds to ask again. `kept` calls of the
   * burst are left for others.
   */
  take(key: string, limit: { perMinute: number; burst: number; kept: number }): Promise<number>;
  /** The service has said that it is too much: nobody calls for so many wall seconds. */
  refused(key: string, seconds: number, limit: { perMinute: number }): Promise<void>;
}

/** What `resolve` may ask of the plan that a step stands in. */
export interface PlanView {
  plan: string;
  title: string;
  /** The AWS account that the plan lives in; every card names it. */
  account?: string;
  places: Place[];
  region(place: Place): { aws?: string; kubernetes?: string };
  /** Throws with the nearest valid name when there is no such component, or it is of another kind. */
  component(name: string, ...kinds: string[]): ComponentView;
  person(name: string): PersonView;
  /** Text of a file beside the plan, read once when the plan was loaded. */
  file(path: string): string;
  /** Members of a plan's group or a single person, by name; live groups are marked and looked up by the system. */
  directory: Record<string, unknown>;
}

export interface ComponentView {
  name: string;
  kind: string;
  /** What this component is called in each place, as the kind's `at` schema parsed it. */
  at: Record<Place, unknown>;
  /** Where it stands: all places of the plan, or those that it names under `only`. */
  places: Place[];
  /** The component's other keys, as the kind's `settings` schema parsed them. */
  settings: Record<string, unknown>;
}

export interface PersonView {
  name: string;
  slack?: string;
  pagerduty?: string;
  email?: string;
  /** A public key as in `authorized_keys`. */
  ssh?: string;
}
