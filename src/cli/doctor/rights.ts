import type { Settings } from '../../config.ts';
import { messageOf } from '../../errors.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Registry } from '../../plan/registry.ts';
import { accessesOf, permissionsOf } from '../../plan-tools/permissions.ts';
import { awsIdentity, deniedActions } from '../../systems/aws-identity.ts';
import { type Access, refusedAccess } from '../../systems/kubernetes/access-review.ts';
import { bad, type Finding, good } from './finding.ts';

/** Hundreds of questions for a large plan. */
const patienceMs = 30_000;

const hands = [
  { setting: 'MAYDAY_AWS_READ_ROLE', policy: 'read', deed: 'look' },
  { setting: 'MAYDAY_AWS_WRITE_ROLE', policy: 'write', deed: 'change' },
] as const;

/** Who we are at AWS for looking and for changing, whether that is the plan's account, and what no policy allows. */
export const lookAtAws = async (plan: Plan, registry: Registry, settings: Settings): Promise<Finding[]> => {
  const { iam } = permissionsOf(plan, registry);
  const region = settings.rds.AWS_REGION ?? Object.values(plan.text.regions).find(({ aws }) => aws)?.aws;
  if (region === undefined || iam.read.Statement.length + iam.write.Statement.length === 0) return [];
  const name = plan.text.plan;
  const found = await Promise.all(
    hands.map(async ({ setting, policy, deed }): Promise<Finding[]> => {
      const role = settings.rds[setting];
      const who = role ? setting : "the machine's own credentials";
      try {
        const { account, arn } = await awsIdentity(settings.rds, role, region);
        if (plan.text.account !== undefined && account !== plan.text.account)
          return [
            bad(
              `${name}: AWS: to ${deed}, ${who} is ${arn}, but the plan lives in ${plan.text.account}`,
              `Set ${setting} to a role of the account ${plan.text.account}, or correct the account in plans/${name}.yml.`,
            ),
          ];
        const wanted = iam[policy].Statement.map(({ Action, Resource }) => ({ actions: Action, resources: Resource }));
        const denied = await deniedActions(settings.rds, arn, wanted);
        if (denied === 'unknown')
          return [
            good(
              `${name}: AWS: to ${deed}, ${arn}; its rights could not be checked, as Mayday may not call iam:SimulatePrincipalPolicy`,
            ),
          ];
        if (denied.length === 0)
          return [good(`${name}: AWS: to ${deed}, ${arn}, with every right that the plan needs`)];
        return denied.map(({ action, resource }) =>
          bad(
            `${name}: AWS: ${who} lacks ${action} on ${resource}`,
            `Give it the policy for ${policy === 'read' ? 'looking' : 'changing'} that \`mayday plan permissions ${name}\` prints.`,
          ),
        );
      } catch (error) {
        return [
          bad(
            `${name}: AWS: to ${deed}, ${who}: ${messageOf(error)}`,
            role
              ? `Let Mayday's own credentials take ${role} on (sts:AssumeRole, and the role's trust policy), or correct ${setting}.`
              : 'Check the credentials of this machine.',
          ),
        ];
      }
    }),
  );
  return found.flat();
};

/** What each cluster of a plan would refuse us, of all that its steps and checks do there. */
export const lookAtAccess = async (plan: Plan, registry: Registry, settings: Settings): Promise<Finding[]> => {
  const name = plan.text.plan;
  const found = await Promise.all(
    [...accessesOf(plan, registry)].map(async ([cluster, wanted]): Promise<Finding[]> => {
      try {
        const refused = await refusedAccess(settings.kubernetes, cluster, wanted, AbortSignal.timeout(patienceMs));
        if (refused.length === 0) return [good(`${name}: ${cluster}: every verb that the plan needs is allowed`)];
        return refused.map((access) =>
          bad(
            `${name}: ${cluster}: may not ${said(access)}`,
            `Apply what \`mayday plan permissions ${name}\` prints for ${cluster}.`,
          ),
        );
      } catch (error) {
        return [
          bad(
            `${name}: ${cluster}: rights could not be asked for: ${messageOf(error)}`,
            'Check the kubeconfig, and whether the cluster answers.',
          ),
        ];
      }
    }),
  );
  return found.flat();
};

const said = ({ verb, resource, namespace, name }: Access): string =>
  [verb, resource, name, namespace && `in ${namespace}`].filter(Boolean).join(' ');
