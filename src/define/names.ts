import type { Place } from './basics.ts';

/** Id of the step that a flow adds to measure, after a promote, what a component really lost. */
export const measureStepId = (component: string): string => `measure-loss-of-${component}`;

/** Id of the step that a flow adds to find out, while people decide, whether what is to be fenced answers. */
export const probeStepId = (component: string): string => `probe-${component}`;

export const fenceStepId = (component: string): string => `fence-${component}`;

/** Name under which an incident keeps where a component's old primary was never fenced, and the run that left it so. */
export const unfencedFact = (component: string): string => `unfenced:${component}`;

/** `<place> <run>`; '' when it was fenced. */
export const sayUnfenced = (place: Place, runId: string): string => `${place} ${runId}`;
export const readUnfenced = (fact: string): { place: Place; runId: string } => {
  const [place = '', runId = ''] = fact.split(' ');
  return { place, runId };
};
