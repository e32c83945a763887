import { canonical } from '../canonical.ts';
import type { Clock } from '../define.ts';
import { MaydayError } from '../errors.ts';
import { type Incident, type IncidentEvent, incidentAfter, incidentRow } from '../incident/incident.ts';
import type { EnginePorts, StoredEvent } from './ports.ts';
import { incidentStream } from './run-store.ts';

/** An incident as its stream says, and where that ends. */
export interface IncidentAt {
  id: string;
  incident: Incident;
  rows: StoredEvent[];
}

export interface IncidentStore {
  /** Throws `incident/not-found`. */
  read(id: string): Promise<IncidentAt>;
  /**
   * Appends what `make` returns for the newest state; somebody else's append in between means reading again and asking
   * `make` again. Nothing is written when it returns nothing. Returns the new state.
   */
  commit(id: string, actor: string, make: (incident: Incident, now: Date) => IncidentEvent[]): Promise<Incident>;
  /** The same for two at once: both change, or none. */
  commitBoth(
    ids: readonly [string, string],
    actor: string,
    make: (incidents: readonly [Incident, Incident], now: Date) => readonly [IncidentEvent[], IncidentEvent[]],
  ): Promise<readonly [Incident, Incident]>;
}

const mostTries = 20;

/** The only way in which people's deeds and the keeper's reach an incident. What runs say of it comes with their own events. */
export const createIncidentStore = (options: {
  journal: EnginePorts['journal'];
  clock: Clock;
  /** Called after every change; must not throw and not block. */
  changed(id: string): void;
}): IncidentStore => {
  const { journal, clock } = options;

  const read = async (id: string): Promise<IncidentAt> => {
    const rows = await journal.read(incidentStream(id));
    const incident = incidentAfter(rows);
    if (incident === null)
      throw new MaydayError(
        'incident/not-found',
        `There is no incident "${id}". Nothing was changed. \`/incident status\` lists those that are open.`,
      );
    return { id, incident, rows };
  };

  const areThere = async (
    parts: readonly { id: string; head: { seq: number }; events: readonly { type: string; data: object }[] }[],
  ): Promise<boolean> => {
    const found = await Promise.all(parts.map(({ id, head }) => journal.read(incidentStream(id), head.seq)));
    return parts.every(({ events }, i) =>
      events.every(
        (event, place) =>
          found[i]![place]?.type === event.type && canonical(found[i]![place]?.data) === canonical(event.data),
      ),
    );
  };

  const commitAll = async (
    ids: readonly string[],
    actor: string,
    make: (incidents: readonly Incident[], now: Date) => readonly (readonly IncidentEvent[])[],
  ): Promise<Incident[]> => {
    for (let attempt = 0; ; attempt += 1) {
      const before = await Promise.all(ids.map(read));
      const now = clock.now();
      const made = make(
        before.map(({ incident }) => incident),
        now,
      );
      const parts = before.map(({ id, incident, rows }, i) => {
        const events = made[i]!.map(({ type, data }) => ({
          type,
          version: 1,
          actor,
          data: { at: now.toISOString(), event: data },
        }));
        const last = rows.at(-1)!;
        const head = { seq: last.seq, hash: last.hash };
        return { id, head, events, after: events.length === 0 ? incident : incidentAfter([...rows, ...events])! };
      });
      const changed = parts.filter(({ events }) => events.length > 0);
      if (changed.length === 0) return parts.map(({ after }) => after);
      try {
        await journal.append(
          changed.map(({ id, head, events }) => ({ stream: incidentStream(id), expected: head, events })),
          { incidents: changed.map(({ id, after }) => incidentRow(id, after)) },
        );
        for (const { id } of changed) options.changed(id);
        return parts.map(({ after }) => after);
      } catch (error) {
        // A commit whose answer was lost is read back, not repeated.
        const isInDoubt = error instanceof MaydayError && error.code === 'journal/unavailable';
        if (isInDoubt && (await areThere(changed).catch(() => false))) {
          for (const { id } of changed) options.changed(id);
          return parts.map(({ after }) => after);
        }
        const mayTryAgain =
          error instanceof MaydayError &&
          (error.code === 'journal/conflict' || (error.code === 'journal/unavailable' && attempt < 2));
        if (!mayTryAgain || attempt >= mostTries) throw error;
      }
    }
  };

  return {
    read,
    commit: async (id, actor, make) => (await commitAll([id], actor, ([incident], now) => [make(incident!, now)]))[0]!,
    commitBoth: async (ids, actor, make) =>
      (await commitAll(ids, actor, (both, now) => make(both as never, now))) as never,
  };
};
