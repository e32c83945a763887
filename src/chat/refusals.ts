import { type ErrorCode, MaydayError } from '../errors.ts';
import { redact } from '../redact.ts';

/** Of whom and of what a refusal was. */
export interface About {
  user: string;
  team: string | undefined;
  /** `/failover`, `click run:approve`, `form run:reject-reason`. */
  what: string;
}

export interface RefusalEvent {
  type: 'request.refused' | 'requests.refused-often';
  actor: string;
  data: Record<string, unknown>;
}

export interface Refusals {
  /** Puts on record that somebody was refused; never throws, never waits. Faults of systems and of ourselves are no refusals. */
  note(about: About, error: unknown): void;
  /** Puts on record what only was counted; called once a minute and at the end. */
  flush(): Promise<void>;
}

const perMinute = 10;
/** Whoever has the secret could make up people; beyond so many a minute they are counted together. */
const mostPeople = 500;
const mostWaiting = 10_000;
/** Wall milliseconds for which refusals gather before they are written together. */
const gatherMs = 100;

const isRefusal: Partial<Record<ErrorCode, true>> = {
  'authority/refused': true,
  'input/invalid': true,
  'plan/unknown': true,
  'claim/held': true,
  'run/not-found': true,
  'run/wrong-state': true,
  'incident/not-found': true,
  'incident/wrong-state': true,
};

/** Which refusals of a minute are written each, and which only counted. Pure but for what it counts. */
export const createRefusalLimit = (most: number = perMinute, people: number = mostPeople) => {
  let counts = new Map<string, number>();
  return {
    /** True for the first few of a person. */
    take(person: string): boolean {
      const key = counts.has(person) || counts.size < people ? person : 'others';
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return key === person && count <= most;
    },
    /** How many more of each person there were; the minute begins anew. */
    rest(): { person: string; count: number }[] {
      const rest = [...counts].flatMap(([person, count]) => {
        const more = person === 'others' ? count : count - most;
        return more > 0 ? [{ person, count: more }] : [];
      });
      counts = new Map();
      return rest;
    },
  };
};

/** Refusals of proven requests in the journal: who, what, by which rule. Ten a person and minute, then their number. */
export const createRefusals = (options: {
  append(events: RefusalEvent[]): Promise<void>;
  onLost(error: unknown): void;
}): Refusals => {
  const limit = createRefusalLimit();
  const waiting: RefusalEvent[] = [];
  let writing: Promise<void> | undefined;

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, 200);
      try {
        await options.append(batch);
      } catch (error) {
        options.onLost(error);
      }
    }
  };
  const writeSoon = (afterMs: number): Promise<void> => {
    writing ??= new Promise<void>((done) => void setTimeout(done, afterMs)).then(write).finally(() => {
      writing = undefined;
    });
    return writing;
  };

  return {
    note({ user, team, what }, error) {
      if (!(error instanceof MaydayError) || !isRefusal[error.code]) return;
      if (!limit.take(user) || waiting.length >= mostWaiting) return;
      const data = { what: redact(what).slice(0, 200), code: error.code, text: redact(error.message).slice(0, 500) };
      waiting.push({ type: 'request.refused', actor: `slack:${user}`, data: { ...data, ...(team && { team }) } });
      void writeSoon(gatherMs);
    },
    async flush() {
      for (const { person, count } of limit.rest())
        waiting.push({ type: 'requests.refused-often', actor: `slack:${person}`, data: { count } });
      await writing;
      await write();
    },
  };
};
