import type { Json, MatrixRow } from '../define.ts';
import { sayDuration } from '../plan/duration.ts';
import type { PerformOptions } from './perform.ts';
import type { RunState } from './state.ts';

export interface AssessInput {
  rows: MatrixRow[];
  /** The word by which a person says what no check can see; null when none was said. */
  situation: string | null;
  from: string;
  to: string;
}

export type RowStanding = 'applies' | 'not yet' | 'does not apply' | 'not known';

export interface Assessment {
  rows: { title: string; standing: RowStanding; because: string; action: string }[];
  /** The first row that applies, in one sentence. */
  verdict: string;
  proposal: { flow: string; scope: string; severity: string | null } | null;
  refusal: string | null;
}

/**
 * Which row of the plan's decision matrix applies now: the first whose checks fail, for as long as it asks, while the
 * others hold. A row that refuses wins over every one that proposes. Pure but for asking since when a check fails.
 */
export const assess = async (
  options: PerformOptions,
  { rows, situation, from, to }: AssessInput,
): Promise<Assessment> => {
  const judged = await Promise.all(rows.map((row) => judge(options, row, { situation, from, to })));
  const applying = judged.filter(({ standing }) => standing === 'applies');
  const decisive = applying.find(({ row }) => row.refuse !== null) ?? applying[0];
  return {
    rows: judged.map(({ row, standing, because }) => ({ title: row.title, standing, because, action: actionOf(row) })),
    verdict: decisive
      ? `${decisive.row.title} (${decisive.because}): ${actionOf(decisive.row)}`
      : judged.some(({ standing }) => standing === 'not yet')
        ? `Not yet: ${judged
            .filter(({ standing }) => standing === 'not yet')
            .map(({ row, because }) => `${row.title} (${because})`)
            .join('; ')}`
        : judged.some(({ standing }) => standing === 'not known')
          ? `Not known: ${judged
              .filter(({ standing }) => standing === 'not known')
              .map(({ row, because }) => `${row.title} (${because})`)
              .join('; ')}`
          : 'No row applies: nothing has to be done.',
    proposal:
      decisive?.row.propose && decisive.row.refuse === null
        ? { ...decisive.row.propose, severity: decisive.row.severity }
        : null,
    refusal: decisive?.row.refuse ?? null,
  };
};

const actionOf = ({ propose, waitFor, nothing, refuse }: MatrixRow): string => {
  const proposed = propose && `${propose.flow} ${propose.scope}`;
  if (refuse) return `refuse a failover: ${refuse}${proposed ? `; ${proposed} instead` : ''}`;
  if (nothing) return `do nothing: ${nothing}`;
  const first = waitFor.length > 0 ? `wait until ${waitFor.map((id) => say(id)).join(' and ')}, then ` : '';
  return `${first}${proposed}`;
};

const say = (id: string): string => id.replace(/^check-/, '').replaceAll('-', ' ');

interface Judged {
  row: MatrixRow;
  standing: RowStanding;
  because: string;
}

const judge = async (
  { ports, state }: PerformOptions,
  row: MatrixRow,
  { situation, from, to }: { situation: string | null; from: string; to: string },
): Promise<Judged> => {
  if (row.situation !== null)
    return situation === row.situation
      ? { row, standing: 'applies', because: 'said by a person' }
      : { row, standing: 'does not apply', because: `nobody says that it is so (say "${row.situation}")` };
  const failing = row.failing.map((id) => answerOf(state, id));
  const holding = row.holding.map((id) => answerOf(state, id));
  const good = failing.find(({ answer }) => answer === 'yes');
  if (good) return { row, standing: 'does not apply', because: good.because };
  const bad = holding.find(({ answer }) => answer === 'no');
  if (bad) return { row, standing: 'does not apply', because: bad.because };
  const missing = [...failing, ...holding].find(({ answer }) => answer === 'missing');
  if (missing) return { row, standing: 'not known', because: missing.because };
  const unsure = holding.find(({ answer }) => answer !== 'yes');
  if (unsure) return { row, standing: 'not known', because: unsure.because };
  const because = failing.map((each) => each.because).join('; ');
  if (row.failsForSeconds === 0) return { row, standing: 'applies', because };
  const since = await Promise.all(
    row.failing.map((id) => ports.failingSince(state.created.graph.plan, id.replace(/^check-/, ''), from, to)),
  );
  const seconds = since.map((at) => (at === null ? 0 : (ports.clock.now().getTime() - at.getTime()) / 1000));
  const shortest = Math.min(...seconds);
  if (shortest >= row.failsForSeconds)
    return { row, standing: 'applies', because: `${because}, for ${sayDuration(shortest)}` };
  return {
    row,
    standing: 'not yet',
    because: `${because}, for ${sayDuration(shortest)} of ${sayDuration(row.failsForSeconds)}`,
  };
};

const answerOf = (state: RunState, id: string): { answer: string; because: string } => {
  const output = state.steps[id]?.output as { answer?: Json; because?: Json } | null | undefined;
  if (typeof output?.answer !== 'string') return { answer: 'missing', because: `${say(id)} was not asked` };
  return { answer: output.answer, because: String(output.because ?? say(id)) };
};
