import type { RunState } from '../../engine/state.ts';
import { sayDuration } from '../../plan/duration.ts';
import { stepMark, workOf } from './run-card.ts';
import { plain, shorten } from './text.ts';

const mostCharacters = 3_500;

/** What has ended since a moment (ISO 8601, '' for all), a line for each step; no text when nothing has. */
export const threadLog = (state: RunState, since: string): { text: string | undefined; until: string } => {
  const ended = workOf(state)
    .flatMap((step) => {
      const current = state.steps[step.id]!;
      return current.endedAt !== null && current.endedAt > since ? [{ step, current, at: current.endedAt }] : [];
    })
    .sort((a, b) => a.at.localeCompare(b.at));
  const until = ended.at(-1)?.at ?? since;
  const lines: string[] = [];
  let length = 0;
  for (const { step, current, at } of ended) {
    const seconds = current.startedAt ? (Date.parse(at) - Date.parse(current.startedAt)) / 1000 : 0;
    const detail = current.message || current.seen;
    const line = `${at.slice(11, 19)} UTC ${stepMark(state, step.id)} ${plain(shorten(step.title, 150))}${seconds >= 1 ? ` (${sayDuration(seconds)})` : ''}${detail ? `: ${plain(shorten(detail, 300))}` : ''}`;
    if (length + line.length > mostCharacters) {
      lines.push(`… and ${ended.length - lines.length} more; press Details on the card.`);
      break;
    }
    lines.push(line);
    length += line.length + 1;
  }
  return { text: lines.length > 0 ? lines.join('\n') : undefined, until };
};
