import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WorldClock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { Holds } from './holds.ts';
import type { Ledger } from './ledger.ts';
import type { WorldPlan } from './world-plan.ts';

/** What every server of the sandbox shares. */
export interface SandboxContext {
  clock: WorldClock;
  ledger: Ledger;
  faults: Faults;
  holds: Holds;
  /** The plans that the world is built from. */
  plans: WorldPlan[];
  log(message: string, facts?: Record<string, unknown>): void;
}

/** A request to the control port: what people, tests and the demo do to the world, and how they read it back. */
export interface ControlRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  body: any;
  request: IncomingMessage;
  response: ServerResponse;
}

/** One server of the sandbox: Slack, PagerDuty, AWS … */
export interface SandboxPart {
  name: string;
  /** Settings that point a real client library at this part, tokens included. */
  environment: Record<string, string>;
  /** Control routes, `GET /slack/state` → what is answered as JSON. Throwing answers 400 with the message. */
  control: Record<string, (request: ControlRequest) => unknown>;
  close(): Promise<void>;
}
