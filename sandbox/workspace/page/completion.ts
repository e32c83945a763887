import type { State } from './store.ts';

/** One thing that a composer could write for the person. */
export interface Completion {
  /** What is put in place of what was typed. */
  text: string;
  label: string;
  detail: string;
}

export interface Completions {
  from: number;
  all: Completion[];
}

const most = 8;

/** What may be meant by what stands before the caret: a command at the beginning, a person, a channel. */
export const completionsFor = (
  text: string,
  caret: number,
  state: State,
  inThread: boolean,
): Completions | undefined => {
  const before = text.slice(0, caret);
  if (/^\/\S*$/.test(before) && !inThread) {
    const all = state.commands
      .filter(({ command }) => command.startsWith(before))
      .map(({ command, usageHint, description }) => ({
        text: `${command} `,
        label: `${command} ${usageHint}`,
        detail: description,
      }));
    return all.length > 0 ? { from: 0, all } : undefined;
  }
  const [, sign, typed = ''] = /(?:^|[\s(])([@#])([\w.-]*)$/.exec(before) ?? [];
  if (sign === undefined) return undefined;
  const from = before.length - typed.length - 1;
  const wanted = typed.toLowerCase();
  const all =
    sign === '@'
      ? [...state.people.values()]
          .filter(
            ({ gone, name, realName }) =>
              !gone && (name.toLowerCase().startsWith(wanted) || realName.toLowerCase().includes(wanted)),
          )
          .map(({ name, realName, title }) => ({ text: `@${name} `, label: realName, detail: title || `@${name}` }))
      : [...state.channels.values()]
          .filter(({ kind, name }) => kind === 'channel' && name.includes(wanted))
          .map(({ name, topic }) => ({ text: `#${name} `, label: `#${name}`, detail: topic }));
  return all.length > 0 ? { from, all: all.slice(0, most) } : undefined;
};

/** How a command that was typed so far goes on. */
export const hintFor = (text: string, state: State): string | undefined => {
  const [, command] = /^(\/\S+)\s/.exec(text) ?? [];
  const found = state.commands.find((each) => each.command === command);
  return found && `${found.command} ${found.usageHint}`;
};
