import type { RunState } from '../../src/engine/state.ts';
import { foldRows } from '../engine/recorded/essentials.ts';
import { type Rehearsal, rowsOf } from '../support/rehearsal.ts';

/** What a run left behind, in the world's own words, without what differs from run to run. */
export interface Snapshot {
  outcome: string;
  steps: Record<string, string>;
  world: unknown;
  /** Rows that can be read back from each database, counted by who may write there. */
  data: Record<string, unknown>;
  /** How often each change was accepted, talk apart. */
  changes: Record<string, number>;
  slack: Record<string, number>;
  /** The first line of the run's card, which must say in the end how it ended. */
  card: string;
  pagerduty: unknown;
  statusPage: unknown;
  /** Each letter once, however often it came. */
  mails: string[];
}

export const takeSnapshot = async (
  rehearsal: Rehearsal,
  runId: string,
): Promise<{ snapshot: Snapshot; state: RunState }> => {
  const { world, journal } = rehearsal;
  const state = foldRows(await rowsOf(journal, `run:${runId}`));
  const [described, ledger, slack, pager, page, { mails }] = await Promise.all([
    world.get('/world'),
    world.get('/ledger'),
    world.get('/slack/state'),
    world.get('/pagerduty/state'),
    world.get('/statuspage/state'),
    world.get('/mail'),
  ]);
  const names = new Map<string, string>([
    [runId, 'RUN'],
    [runId.slice(2, 8), 'STAMP'],
    [runId.slice(2), 'RUN'],
  ]);
  const { rows: others } = await journal.query(`SELECT id FROM runs WHERE id <> $1 ORDER BY created_at`, [runId]);
  for (const [i, { id }] of others.entries()) names.set(id, `RUN-BEFORE-${i}`).set(id.slice(2, 8), `STAMP-BEFORE-${i}`);
  for (const channel of slack.channels) names.set(channel.id, `<${channel.name}>`);
  const plain = (value: unknown): any => {
    let text = JSON.stringify(value) ?? 'null';
    for (const [name, word] of names) text = text.replaceAll(name, word);
    text = text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z?/g, 'TIME').replaceAll(/inc-\d{8}/g, 'inc-DATE');
    return JSON.parse(text);
  };
  const talk = /^(slack|pagerduty|statuspage|smtp):/;
  const { now: _, ...lasting } = described;
  return {
    state,
    snapshot: {
      outcome: state.unknown ?? state.outcome ?? (state.haltedAt ? 'halted' : 'running'),
      steps: Object.fromEntries(Object.entries(state.steps).map(([id, step]) => [id, step.state])),
      world: plain({
        ...lasting,
        records: described.records.map((record: unknown) => JSON.stringify(record)).sort(),
      }),
      data: plain(await readBack(world, described.instances)),
      changes: plain(
        counted(
          ledger.entries
            .filter((entry: any) => !talk.test(entry.change))
            .map((entry: any) => `${entry.change} ${entry.resource}`),
        ),
      ),
      slack: plain(
        counted(
          slack.channels.flatMap((channel: any) =>
            channel.messages.flatMap((message: any) =>
              // An incident's own messages come by the clock, not by the run.
              message.metadata && !message.metadata.event_payload.key.startsWith('i-')
                ? [`${channel.name} ${message.metadata.event_payload.key}`]
                : [],
            ),
          ),
        ),
      ),
      card: plain(cardLine(slack.channels, runId)),
      pagerduty: plain(
        pager.incidents.map((incident: any) => ({
          status: incident.status,
          urgency: incident.urgency,
          key: incident.incident_key,
          notes: incident.notes
            .map(({ content }: any) => /\[mayday .*\]/.exec(content)?.[0] ?? 'a note without mark')
            .sort(),
          responders: incident.responderRequests.map(({ targets }: any) => targets).sort(),
        })),
      ),
      statusPage: plain(
        page.incidents.map(({ name, status, incident_updates: updates }: any) => ({
          name,
          status,
          updates: updates.map((update: any) => update.status),
        })),
      ),
      mails: plain([...new Set(mails.map((mail: any) => `${mail.recipients} ${mail.messageId}`))].sort()),
    },
  };
};

/** Whether each database takes writes, by asking the database itself. */
const readBack = async (world: Rehearsal['world'], instances: { id: string }[]): Promise<Record<string, unknown>> => {
  const found: Record<string, unknown> = {};
  for (const { id } of instances) {
    const { rows } = await world.post('/sql', {
      instance: id,
      sql: `SELECT pg_is_in_recovery() AS standby, (SELECT count(*) > 0 FROM pg_stat_user_tables WHERE n_live_tup > 0) AS filled`,
    });
    found[id] = rows[0].standby;
  }
  return found;
};

const cardLine = (channels: any[], runId: string): string =>
  channels
    .flatMap((channel) => channel.messages)
    .filter((message) => message.metadata?.event_payload.key === `${runId}/card`)
    // A whole minute is said without its seconds.
    .map((message) => message.text.replaceAll(/\d+/g, 'N').replaceAll(/N (?:h|min|s)(?: N (?:min|s))?/g, 'N'))
    .join('\n');

const counted = (names: string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const name of names.sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

/**
 * What does not hold after a run that was killed, against one that was not. A run that stopped may have done less, but
 * nothing twice, and must not know only of what can be neither repeated nor looked for.
 */
export const faultsOf = (
  killed: { snapshot: Snapshot; state: RunState },
  whole: Snapshot,
  repeatOf: (uses: string) => string,
): string[] => {
  const { state } = killed;
  const snapshot = { ...killed.snapshot, changes: withoutRepeatedChecks(killed, whole) };
  const faults: string[] = [];
  for (const part of ['changes', 'slack'] as const)
    for (const [name, count] of Object.entries(snapshot[part]))
      if (count > (whole[part][name] ?? 0)) faults.push(`${name}: ${count} times instead of ${whole[part][name] ?? 0}`);
  if (snapshot.outcome !== whole.outcome) {
    const stopped = Object.entries(state.steps).filter(
      ([, step]) => step.state === 'failed' || step.state === 'blocked',
    );
    const mayStop = stopped.every(
      ([id, step]) => step.effect === 'maybe-made' && repeatOf(state.graph[id]!.uses) === 'once',
    );
    if (snapshot.outcome !== 'halted' || stopped.length === 0 || !mayStop)
      faults.push(
        `it ended ${snapshot.outcome} instead of ${whole.outcome}: ${stopped.map(([id, step]) => `${id} ${step.code}: ${step.message}`).join('; ')}`,
      );
    return faults;
  }
  for (const part of Object.keys(whole) as (keyof Snapshot)[])
    for (const [where, found, expected] of differences(snapshot[part], whole[part], part))
      faults.push(`${where}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
  return [...new Set(faults)];
};

/**
 * A check is asked again when nobody heard its answer, also one that posts to the protected service to see whether it
 * works. So what no action makes may come more often; that it comes at all is still compared.
 */
const withoutRepeatedChecks = (
  { snapshot, state }: { snapshot: Snapshot; state: RunState },
  whole: Snapshot,
): Snapshot['changes'] => {
  const made = new Set(Object.values(state.graph).flatMap(({ changes }) => changes));
  return Object.fromEntries(
    Object.entries(snapshot.changes).map(([name, count]) => {
      const isOfAction = made.has(name.split(' ')[0]!);
      return [name, isOfAction ? count : Math.min(count, whole.changes[name] ?? count)];
    }),
  );
};

const differences = (one: any, other: any, where: string): [string, unknown, unknown][] => {
  if (JSON.stringify(one) === JSON.stringify(other)) return [];
  if (one === null || other === null || typeof one !== 'object' || typeof other !== 'object')
    return [[where, one, other]];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((key) =>
    differences(one[key], other[key], `${where}.${key}`),
  );
};
