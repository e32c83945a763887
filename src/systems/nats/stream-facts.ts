import type { StreamInfo } from '@nats-io/jetstream';
import type { StreamTarget } from './stream-target.ts';

/** The stream that takes over from a mirror where the server cannot turn the mirror itself into one. */
export const successorOf = (stream: string): string => `${stream}-promoted`;

/** It mirrors nobody and takes what is published. */
export const isSource = ({ config }: StreamInfo): boolean =>
  !config.mirror && (config.sources ?? []).length === 0 && (config.subjects ?? []).length > 0;

export const describeStream = (info: StreamInfo): string => {
  const { config, state, mirror } = info;
  const count = `${state.messages} messages`;
  if (config.mirror) {
    // Where nobody was heard of yet the server says -1.
    const silent =
      !mirror || mirror.active < 0 ? 'never heard of it' : `heard of it ${Math.round(mirror.active / 1e9)} s ago`;
    return `${config.name} mirrors ${config.mirror.name}: ${count}, ${mirror?.lag ?? 0} behind, ${silent}`;
  }
  if (isSource(info)) return `${config.name} takes ${(config.subjects ?? []).join(', ')}: ${count}`;
  return `${config.name} is being filled from ${(config.sources ?? []).map(({ name }) => name).join(', ')}: ${count}`;
};

/** A subject that a stream with these would take, for asking whether it does. */
export const probeSubject = ({ subjects }: StreamTarget): string =>
  subjects[0]!.replaceAll('*', 'mayday-probe').replace('>', 'mayday-probe');
