import { stringify } from 'yaml';
import type { Permission } from '../define.ts';
import type { Graph, Requirement, Step } from '../plan/graph.ts';
import type { Plan } from '../plan/plan.ts';
import { fill, substitute } from '../plan/references.ts';
import type { Registry } from '../plan/registry.ts';
import { viewPlan } from '../plan/view.ts';
import { graphOf, sampleStamp, variantsOf } from './variants.ts';

export interface PlanPermissions {
  /** Two policies, so that whoever only looks needs no right to change. */
  iam: { read: IamPolicy; write: IamPolicy };
  /** Roles and bindings for each cluster, as YAML to apply with `kubectl --context`. */
  rbac: { cluster: string; yaml: string }[];
  /** What the other systems must allow. */
  others: Permission[];
}

export interface IamPolicy {
  Version: '2012-10-17';
  Statement: { Sid: string; Effect: 'Allow'; Action: string[]; Resource: string[] }[];
}

/** Everything that some step or check of a plan needs, in any flow, direction and hour, and nothing else. */
export const permissionsOf = (
  plan: Plan,
  registry: Registry,
  only?: { flow: string; scope?: string },
): PlanPermissions => {
  const permissions = neededPermissions(plan, registry, only);
  return {
    iam: iamOf(permissions.filter(({ system }) => system === 'iam')),
    rbac: rbacOf(permissions.filter(({ system }) => system === 'rbac')),
    others: othersOf(permissions.filter(({ system }) => system !== 'iam' && system !== 'rbac')),
  };
};

/** The same by cluster, one by one, as a cluster can be asked about each. */
export const accessesOf = (
  plan: Plan,
  registry: Registry,
): Map<string, { verb: string; resource: string; group: string; namespace?: string; name?: string }[]> => {
  const needed = neededPermissions(plan, registry).filter(({ system }) => system === 'rbac');
  const byCluster = Map.groupBy(needed, ({ resource }) => resource.split('/')[0]!);
  return new Map(
    [...byCluster].map(([cluster, own]) => [
      cluster,
      own.map(({ action, resource: where }) => {
        const [verb = '', resource = ''] = action.split(' ');
        const [, namespace, name] = where.split('/');
        // What will be made has no name yet, and a list has none.
        const named = name && !name.includes('*') && !['create', 'list', 'watch'].includes(verb) ? name : undefined;
        const group = groups[resource.split('/')[0]!] ?? '*';
        return { verb, resource, group, ...(namespace && { namespace }), ...(named && { name: named }) };
      }),
    ]),
  );
};

const neededPermissions = (plan: Plan, registry: Registry, only?: { flow: string; scope?: string }): Permission[] => {
  const view = viewPlan(plan, registry);
  const all = new Map<string, Permission>();
  const add = (permissions: Permission[]) => {
    for (const { system, action, resource: written } of permissions) {
      const resource = nameOfAny(written, plan.text.account);
      all.set(`${system} ${action} ${resource}`, { system, action, resource });
    }
  };
  const wanted = variantsOf(view).filter(
    ({ flow, scope }) => only === undefined || (flow.name === only.flow && scope === (only.scope ?? scope)),
  );
  for (const variant of wanted) for (const each of neededBy(graphOf(plan, registry, variant), registry)) add(each);
  // The watch asks them all the time, whatever runs.
  for (const { uses, with: written } of Object.values(plan.text.checks))
    for (const from of view.places)
      for (const to of view.places) {
        const check = registry.checks.get(uses);
        try {
          add(check?.permissions(check.resolve(check.with.parse(fill(written ?? {}, { from, to })), view)) ?? []);
        } catch {
          // It does not stand there.
        }
      }
  return [...all.values()];
};

/** Channels, incidents and pages are made by runs, so a token needs the right as such. */
const othersOf = (permissions: Permission[]): Permission[] => {
  const found = new Map<string, Permission>();
  for (const each of permissions) {
    const isMade = ['slack', 'pagerduty', 'statuspage'].includes(each.system);
    const made = isMade ? { ...each, resource: 'whatever a run makes' } : each;
    found.set(`${made.system} ${made.action} ${made.resource}`, made);
  }
  return [...found.values()].sort((a, b) => `${a.system} ${a.action}`.localeCompare(`${b.system} ${b.action}`));
};

/** The plan's own account where a permission leaves it open, and whatever a run will put into a name. */
const nameOfAny = (resource: string, account: string | undefined): string =>
  resource
    .replace(/^(arn:aws:[a-z0-9-]+:[a-z0-9-]*:)\*(?=:)/, (open, service: string) =>
      account ? `${service}${account}` : open,
    )
    .replaceAll(sampleStamp, '*');

const neededBy = (graph: Graph, registry: Registry): Permission[][] =>
  graph.steps.flatMap((step) => [
    ofUsed(step, registry),
    ...[...step.require, ...(step.unless ? [step.unless] : [])].map((each) => ofUsed(each, registry)),
  ]);

const ofUsed = ({ uses, input }: Step | Requirement, registry: Registry): Permission[] => {
  const sample = substitute(input, () => 'a-value-of-another-step');
  const used = registry.actions.get(uses) ?? registry.checks.get(uses);
  return used?.permissions(sample as never) ?? [];
};

const isRead = (action: string): boolean => /:(Describe|Get|List|Head|Test)/.test(action);

/** One statement for each set of actions that need the same resources. */
const iamOf = (permissions: Permission[]): PlanPermissions['iam'] => {
  const policy = (which: (action: string) => boolean): IamPolicy => {
    const resources = new Map<string, Set<string>>();
    for (const { action, resource } of permissions.filter((each) => which(each.action)))
      resources.set(action, (resources.get(action) ?? new Set()).add(resource));
    const byResources = new Map<string, string[]>();
    for (const [action, set] of resources) {
      const key = [...set].sort().join('\n');
      byResources.set(key, [...(byResources.get(key) ?? []), action]);
    }
    return {
      Version: '2012-10-17',
      Statement: [...byResources]
        .map(([key, actions]) => ({ actions: actions.sort(), resources: key.split('\n') }))
        .sort((a, b) => a.actions[0]!.localeCompare(b.actions[0]!))
        .map(({ actions, resources: on }) => ({
          Sid: actions[0]!.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 64),
          Effect: 'Allow' as const,
          Action: actions,
          Resource: on,
        })),
    };
  };
  return { read: policy(isRead), write: policy((action) => !isRead(action)) };
};

/** API groups of the resources that permissions name; the core group is ''. */
const groups: Record<string, string> = {
  pods: '',
  services: '',
  configmaps: '',
  secrets: '',
  serviceaccounts: '',
  namespaces: '',
  persistentvolumeclaims: '',
  deployments: 'apps',
  statefulsets: 'apps',
  daemonsets: 'apps',
  replicasets: 'apps',
  jobs: 'batch',
  cronjobs: 'batch',
  ingresses: 'networking.k8s.io',
  networkpolicies: 'networking.k8s.io',
  poddisruptionbudgets: 'policy',
  horizontalpodautoscalers: 'autoscaling',
  servicemonitors: 'monitoring.coreos.com',
  podmonitors: 'monitoring.coreos.com',
  prometheusrules: 'monitoring.coreos.com',
};

const roleName = 'mayday';

interface Rule {
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
  verbs: string[];
}

const rbacOf = (permissions: Permission[]): PlanPermissions['rbac'] => {
  const byCluster = Map.groupBy(permissions, ({ resource }) => resource.split('/')[0]!);
  return [...byCluster].map(([cluster, own]) => {
    const byNamespace = Map.groupBy(own, ({ resource }) => resource.split('/')[1] ?? '');
    const documents = [...byNamespace].flatMap(([namespace, inside]) => role(namespace, rulesOf(inside)));
    return { cluster, yaml: documents.map((document) => stringify(document)).join('---\n') };
  });
};

/** Verbs of one resource and one name together; a name restricts everything but making it and listing. */
const rulesOf = (permissions: Permission[]): Rule[] => {
  const rules = new Map<string, Rule>();
  for (const { action, resource } of permissions) {
    const [verb = '', what = ''] = action.split(' ');
    if (what.startsWith('/')) {
      rules.set(what, { nonResourceURLs: [what], verbs: [verb] });
      continue;
    }
    const plural = what.split('/')[0]!;
    const name = resource.split('/')[2];
    const named = name !== undefined && !['create', 'list', 'watch'].includes(verb) ? name : undefined;
    const key = `${what} ${named ?? ''}`;
    const rule = rules.get(key) ?? {
      apiGroups: [groups[plural] ?? '*'],
      resources: [what],
      ...(named !== undefined && { resourceNames: [named] }),
      verbs: [],
    };
    if (!rule.verbs.includes(verb)) rule.verbs.push(verb);
    rules.set(key, rule);
  }
  // Rules that differ in nothing but the name, or but the resource, are said once.
  const merged = new Map<string, Rule>();
  for (const rule of rules.values()) {
    const key = JSON.stringify([
      rule.apiGroups,
      rule.resources,
      rule.nonResourceURLs,
      [...rule.verbs].sort(),
      rule.resourceNames !== undefined,
    ]);
    const same = merged.get(key);
    if (same?.resourceNames && rule.resourceNames) same.resourceNames.push(...rule.resourceNames);
    else if (!same) merged.set(key, { ...rule, ...(rule.resourceNames && { resourceNames: [...rule.resourceNames] }) });
  }
  return [...merged.values()].map((rule) => ({
    ...rule,
    verbs: rule.verbs.sort(),
    ...(rule.resourceNames && { resourceNames: rule.resourceNames.sort() }),
  }));
};

const role = (namespace: string, rules: Rule[]): object[] => {
  const isCluster = namespace === '';
  const metadata = { name: roleName, ...(!isCluster && { namespace }) };
  const kind = isCluster ? 'ClusterRole' : 'Role';
  return [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: roleName },
      subjects: [{ kind: 'User', name: roleName, apiGroup: 'rbac.authorization.k8s.io' }],
    },
  ];
};

/** As text: the policies as JSON, the roles as YAML, each ready to be applied, and a line for what is left. */
export const permissionsText = ({ iam, rbac, others }: PlanPermissions): string[] => [
  '# IAM policy for looking (mayday-read)',
  JSON.stringify(iam.read, null, 2),
  '',
  '# IAM policy for changing (mayday-write)',
  JSON.stringify(iam.write, null, 2),
  ...rbac.flatMap(({ cluster, yaml }) => ['', `# kubectl --context ${cluster} apply -f -`, yaml.trimEnd()]),
  ...(others.length > 0
    ? [
        '',
        '# What the other systems must allow',
        ...others.map(({ system, action, resource }) => `# ${system}: ${action} on ${resource}`),
      ]
    : []),
];
