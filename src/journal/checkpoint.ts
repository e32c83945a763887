import { canonical, sha256 } from '../canonical.ts';
import { genesis } from './chain.ts';
import type { SigningKey, VerifyingKey } from './signing-key.ts';

export interface StreamHead {
  stream: string;
  seq: number;
  hash: string;
}

/** What a checkpoint says of the journal at one moment. */
export interface CheckpointContent {
  format: 'mayday-checkpoint-1';
  /** Counted from 1 without gaps. */
  number: number;
  /** Wall time in ISO 8601. */
  time: string;
  /** Hash of the checkpoint before it. */
  previous: string;
  /** Heads that moved since the checkpoint before it. */
  heads: StreamHead[];
  /** How many streams and entries there are in all. */
  streams: number;
  entries: number;
  /** Over all heads, those that did not move included. */
  digest: string;
  /** Which key signed it. */
  key: string;
}

export interface Checkpoint {
  content: CheckpointContent;
  /** Ed25519 over the canonical content, in base64. */
  signature: string;
}

export const checkpointHash = (content: CheckpointContent): string => sha256(canonical(content));

/**
 * A digest over all heads: the sum of their hashes modulo 2^256, so that a verifier carries it from checkpoint to
 * checkpoint by the heads that moved. What is proven rests on the signed heads; this finds heads that were left out.
 */
export const createHeadsDigest = (): { move(head: StreamHead): void; text(): string } => {
  const known = new Map<string, bigint>();
  let sum = 0n;
  return {
    move(head) {
      const hash = BigInt(`0x${sha256(canonical([head.stream, head.seq, head.hash]))}`);
      sum = BigInt.asUintN(256, sum - (known.get(head.stream) ?? 0n) + hash);
      known.set(head.stream, hash);
    },
    text: () => sum.toString(16).padStart(64, '0'),
  };
};

export const signCheckpoint = (content: Omit<CheckpointContent, 'format' | 'key'>, key: SigningKey): Checkpoint => {
  const whole: CheckpointContent = { ...content, format: 'mayday-checkpoint-1', key: key.id };
  return { content: whole, signature: key.sign(canonical(whole)) };
};

/** A checkpoint as a file or an object: its name sorts by number. */
export const checkpointName = (number: number): string => `checkpoint-${String(number).padStart(9, '0')}.json`;
export const checkpointText = (checkpoint: Checkpoint): string => `${canonical(checkpoint)}\n`;

export interface CheckpointFault {
  /** Its number, as far as it can be told. */
  checkpoint: number;
  why: string;
}

/** What a row must be, because a checkpoint has said so. */
export interface Claim {
  seq: number;
  hash: string;
  checkpoint: number;
}

export interface CheckedCheckpoints {
  count: number;
  last: CheckpointContent | undefined;
  faults: CheckpointFault[];
  /** By stream, in rising order of their checkpoints. */
  claims: Map<string, Claim[]>;
}

/**
 * Checks signatures, numbers, links and digests of checkpoints that lie in any order and any number of copies. Two that
 * carry one number and differ, a gap, a forged one: each is named. Claims of forged ones do not count.
 */
export const checkCheckpoints = (
  checkpoints: Iterable<Checkpoint>,
  keys: readonly VerifyingKey[],
): CheckedCheckpoints => {
  const faults: CheckpointFault[] = [];
  const byNumber = new Map<number, Checkpoint>();
  for (const checkpoint of checkpoints) {
    const why = whyForged(checkpoint, keys);
    const number = Number(checkpoint?.content?.number ?? 0);
    if (why) {
      faults.push({ checkpoint: number, why });
      continue;
    }
    const known = byNumber.get(number);
    if (known && canonical(known.content) !== canonical(checkpoint.content))
      faults.push({ checkpoint: number, why: 'two signed checkpoints carry this number and differ' });
    byNumber.set(number, checkpoint);
  }
  const claims = new Map<string, Claim[]>();
  const digest = createHeadsDigest();
  let previous: CheckpointContent | undefined;
  let isComplete = true;
  for (const number of [...byNumber.keys()].sort((a, b) => a - b)) {
    const { content } = byNumber.get(number)!;
    const wanted = (previous?.number ?? 0) + 1;
    for (let missing = wanted; missing < number && missing < wanted + 100; missing += 1) {
      faults.push({ checkpoint: missing, why: 'it is missing' });
      isComplete = false;
    }
    if (number === wanted && content.previous !== (previous ? checkpointHash(previous) : genesis))
      faults.push({ checkpoint: number, why: 'it does not point to the checkpoint before it' });
    for (const head of content.heads) {
      digest.move(head);
      const claim = { seq: head.seq, hash: head.hash, checkpoint: number };
      const known = claims.get(head.stream);
      if (known) known.push(claim);
      else claims.set(head.stream, [claim]);
    }
    if (isComplete && digest.text() !== content.digest)
      faults.push({ checkpoint: number, why: 'its digest does not fit the heads that it and those before it name' });
    previous = content;
  }
  return { count: byNumber.size, last: previous, faults, claims };
};

const whyForged = ({ content, signature }: Checkpoint, keys: readonly VerifyingKey[]): string | undefined => {
  if (content?.format !== 'mayday-checkpoint-1' || !Number.isSafeInteger(content.number) || content.number < 1)
    return 'it is no checkpoint';
  const key = keys.find(({ id }) => id === content.key);
  if (!key) return `it was signed with another key (${String(content.key).slice(0, 16)}) than the one given`;
  if (!key.verify(canonical(content), String(signature))) return 'its signature does not fit its content';
  return undefined;
};
