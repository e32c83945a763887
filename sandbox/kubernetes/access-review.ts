import { ApiError } from './api-error.ts';

/** One rule that somebody took away: a verb on a resource, with its subresource if it has one. */
export interface DeniedAccess {
  verb: string;
  resource: string;
}

export const reviewPath = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

const invalid = (why: string) =>
  new ApiError(422, 'Invalid', `SelfSubjectAccessReview.authorization.k8s.io "" is invalid: ${why}`);

/** Whether the caller may do what the review speaks of; the caller is bound to everything but what was taken away. */
export const answerReview = (text: string, denied: readonly DeniedAccess[]): object => {
  const review = JSON.parse(text);
  if (review.kind !== 'SelfSubjectAccessReview' || review.apiVersion !== 'authorization.k8s.io/v1')
    throw new ApiError(
      400,
      'BadRequest',
      'the object provided is no SelfSubjectAccessReview of authorization.k8s.io/v1',
    );
  const { resourceAttributes: on, nonResourceAttributes: path } = review.spec ?? {};
  if ((on === undefined) === (path === undefined))
    throw invalid('spec: exactly one of nonResourceAttributes or resourceAttributes must be specified');
  const verb = (on ?? path).verb;
  const resource = path ? path.path : [on.resource, on.subresource].filter(Boolean).join('/');
  const allowed = !denied.some((rule) => rule.verb === verb && rule.resource === resource);
  return { ...review, metadata: {}, status: allowed ? { allowed, reason: 'RBAC: allowed' } : { allowed } };
};
