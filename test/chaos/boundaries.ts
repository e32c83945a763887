import type { Step } from '../../src/plan/graph.ts';
import type { Watch } from '../support/tcp-proxy.ts';

/**
 * Where a process may die in the life of one step, in order. The journal is held by a proxy before PostgreSQL, the
 * world by its sandbox; `src/` knows nothing of either.
 */
export const callBoundaries = ['sent-and-lost', 'sent-and-late', 'unanswered'] as const;
export const boundaries = [
  /** The append of the intent never reaches the journal. */
  'before-intent',
  /** The intent is durable; the process never hears of it, and sends nothing. */
  'after-intent',
  /** The request was sent, and is lost on its way. */
  'sent-and-lost',
  /** The request was sent, and is carried out only when its sender is dead. */
  'sent-and-late',
  /** Carried out; the answer never comes. */
  'unanswered',
  /** Answered; the append of what came of it never reaches the journal. */
  'unrecorded',
  /** Recorded; the process never hears of it. */
  'recorded',
] as const;
export type Boundary = (typeof boundaries)[number];

/** One moment at which to kill: `promote/unanswered`. `run` and the approval stand for what no step does. */
export interface Point {
  step: string;
  boundary: Boundary;
}

export const pointName = ({ step, boundary }: Point): string => `${step}/${boundary}`;

export const pointFrom = (name: string): Point => {
  const cut = name.lastIndexOf('/');
  const boundary = name.slice(cut + 1) as Boundary;
  if (cut < 1 || !boundaries.includes(boundary))
    throw new Error(`"${name}" is no point; expected <step>/<${boundaries.join('|')}>.`);
  return { step: name.slice(0, cut), boundary };
};

/** Stands for the run itself: its first event. */
export const birth = 'run.created';

type Kind = 'started' | 'acting' | 'waiting' | 'succeeded' | 'failed' | 'blocked' | 'approved' | 'other';

/**
 * What an append says of a step, told by the shape of the canonical JSON of its events and by nothing around them, so
 * that it does not matter how appends are batched.
 */
export const kindsIn = (text: string, step: string): Set<Kind> => {
  const found = new Set<Kind>();
  const name = `"step":"${step}"`;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const event = text.slice(text.lastIndexOf('"event":{', at), at);
    const has = (key: string) => event.includes(`"${key}":`);
    if (text.startsWith(',"typed":', at + name.length)) found.add('approved');
    else if (!text.startsWith('}', at + name.length)) found.add('other');
    else if (has('lookAt')) found.add('waiting');
    else if (has('output')) found.add('succeeded');
    else if (has('effect')) found.add('failed');
    else if (has('message')) found.add('blocked');
    else if (has('seen')) found.add('acting');
    else found.add('started');
  }
  return found;
};

const isAppend = (text: string): boolean => text.includes('"event":{');

const resultOf = (kinds: Set<Kind>): boolean =>
  ['waiting', 'succeeded', 'failed', 'blocked', 'approved'].some((kind) => kinds.has(kind as Kind));

/** How the journal's proxy recognises a point; undefined for those that the world holds. */
export const watchFor = ({ step, boundary }: Point): Watch | undefined => {
  const fits = (text: string): boolean => {
    if (!isAppend(text)) return false;
    if (step === birth) return text.includes('"graph":{');
    const kinds = kindsIn(text, step);
    return boundary === 'before-intent' || boundary === 'after-intent' ? kinds.has('acting') : resultOf(kinds);
  };
  if (boundary === 'before-intent' || boundary === 'unrecorded') return { fits, hold: 'request' };
  if (boundary === 'after-intent' || boundary === 'recorded') return { fits, hold: 'answer' };
  return undefined;
};

/** Notices the intent of a step without holding it: tells which process is about to send. */
export const intentOf = (step: string): Watch => ({
  fits: (text) => isAppend(text) && kindsIn(text, step).has('acting'),
  hold: 'none',
});

/** The calls of the world by which a step makes its change, and what tells them from those of other steps. */
export const callsOf = (step: Step, graph: readonly Step[]): { calls: string[]; contains: string[] | undefined } => {
  const isAlone = graph.every((other) => other === step || !other.changes.some((call) => step.changes.includes(call)));
  const named =
    step.effect === 'change'
      ? step.resources.map((resource) => resource.split(/[:/]/).at(-1)!)
      : [`/${step.id}"`, `/${step.id}]`, `/${step.id}@`, `/${step.id}\\"`];
  return { calls: step.changes.map((call) => `${call}*`), contains: isAlone || named.length === 0 ? undefined : named };
};

/** Every moment at which a step that was seen to do this may be interrupted. */
export const boundariesOf = (acted: boolean): readonly Boundary[] => (acted ? boundaries : ['unrecorded', 'recorded']);
