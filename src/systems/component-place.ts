import type { ComponentView, PlanView } from '../define.ts';

/** What a component is called in a place, with that place's AWS Region. Throws in words when a plan lacks either. */
export const componentPlace = (
  plan: PlanView,
  component: ComponentView,
  place: string,
): { id: string; region: string } => {
  const id = component.at[place];
  if (typeof id !== 'string') {
    throw new Error(
      `component ${component.name} is not in ${place}; it is in ${Object.keys(component.at).join(', ') || 'no place'}`,
    );
  }
  return { id, region: awsRegion(plan, place) };
};

export const awsRegion = (plan: PlanView, place: string): string => {
  const { aws } = plan.region(place);
  if (!aws) throw new Error(`place ${place} has no AWS Region (aws:) under regions`);
  return aws;
};
