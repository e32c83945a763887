import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { State } from './store.ts';

/** What all parts of the page may do. */
export interface Desk {
  state: State;
  /** The plan whose world is shown. */
  plan: string;
  showPlan(plan: string): void;
  go(channel: string, ts?: string): void;
  openThread(channel: string, ts: string): void;
  /** Says something at the edge of the page, for a moment. */
  tell(text: string, isFault?: boolean): void;
  /** Runs it, and says what went wrong. */
  attempt<T>(run: () => Promise<T>): Promise<T | undefined>;
}

export const DeskContext = createContext<Desk>(undefined as unknown as Desk);

export const useDesk = (): Desk => useContext(DeskContext);
