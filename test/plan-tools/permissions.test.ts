import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readPlan } from '../../src/plan/plan.ts';
import { type IamPolicy, permissionsOf, permissionsText } from '../../src/plan-tools/permissions.ts';
import { mill, planOf, procedure, registry } from '../support/mill.ts';

const shipped = ['dr-plan', 'llm-marketplace', 'omnimesh', 'openmeet', 'teei-csr'];
const planAt = (name: string) => readPlan(join(import.meta.dirname, `../../plans/${name}.yml`), registry);
const found = new Map(shipped.map((name) => [name, permissionsOf(planAt(name), registry)]));

const pairs = (policy: IamPolicy): [action: string, resource: string][] =>
  policy.Statement.flatMap(({ Action, Resource }) =>
    Action.flatMap((action) => Resource.map((on): [string, string] => [action, on])),
  );
const rulesOf = (yaml: string): any[] =>
  parseAllDocuments(yaml).flatMap((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS().rules ?? [];
  });

/** AWS knows no resources for these: they can be allowed for everything or not at all. */
const withoutResource = [
  'autoscaling:DescribeAutoScalingGroups',
  'cloudwatch:GetMetricStatistics',
  'ec2:DescribeInstances',
  'rds:DescribeEvents',
];

test.each(shipped)('%s asks for no right on everything, and for nothing in another account', (name) => {
  const { iam } = found.get(name)!;
  const account = planAt(name).text.account!;
  for (const [action, resource] of [...pairs(iam.read), ...pairs(iam.write)]) {
    if (resource === '*') expect(withoutResource).toContain(action);
    else {
      expect(resource, action).toMatch(new RegExp(`^arn:aws:(?:route53|s3:|[a-z0-9-]+:[a-z0-9-]+:${account}):`));
      expect(resource, 'the name of a sample fits no run').not.toMatch(/sample|stamp0|a-value-of/);
    }
    expect(action).toMatch(/^[a-z0-9]+:[A-Z][A-Za-z0-9]+$/);
  }
  for (const { Sid } of [...iam.read.Statement, ...iam.write.Statement]) expect(Sid).toMatch(/^[A-Za-z0-9]{1,64}$/);
});

test.each(shipped)('%s: who may only look may change nothing, and every statement is said once', (name) => {
  const { iam } = found.get(name)!;
  const looks = /^[a-z0-9]+:(?:Describe|Get|List|Head|Test)/;
  expect(pairs(iam.read).filter(([action]) => !looks.test(action))).toEqual([]);
  expect(pairs(iam.write).filter(([action]) => looks.test(action))).toEqual([]);
  const all = [...pairs(iam.read), ...pairs(iam.write)].map((pair) => pair.join(' '));
  expect(new Set(all).size).toBe(all.length);
});

test.each(shipped)('%s: its roles are YAML that names every API group, resource and verb, and are bound', (name) => {
  const { rbac } = found.get(name)!;
  const clusters = Object.values(planAt(name).text.regions).map(({ kubernetes }) => kubernetes);
  for (const { cluster, yaml } of rbac) {
    expect(clusters).toContain(cluster);
    const documents = parseAllDocuments(yaml).map((document) => document.toJS());
    const roles = documents.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
    expect(roles.length).toBeGreaterThan(0);
    for (const { kind, metadata } of roles)
      expect(
        documents.filter((each) => each.kind === `${kind}Binding` && each.metadata.namespace === metadata.namespace),
      ).toMatchObject([{ roleRef: { kind, name: metadata.name } }]);
    for (const rule of rulesOf(yaml)) {
      expect(JSON.stringify(rule)).not.toMatch(/"\*"|sample|stamp0|a-value-of/);
      expect((rule.resources ?? rule.nonResourceURLs).length).toBeGreaterThan(0);
      expect(rule.verbs.length).toBeGreaterThan(0);
    }
  }
});

test('llm-marketplace needs what its document lists where it does the same, on its own databases and zone only', () => {
  const { iam } = found.get('llm-marketplace')!;
  const on = (policy: IamPolicy, action: string) =>
    pairs(policy)
      .filter(([each]) => each === action)
      .map(([, resource]) => resource);
  // The document asks for these on "*".
  const databases = [
    'arn:aws:rds:us-east-1:345678901234:db:llm-marketplace-db',
    'arn:aws:rds:us-west-2:345678901234:db:llm-marketplace-db-dr',
  ];
  expect(on(iam.write, 'rds:RebootDBInstance')).toEqual(databases);
  expect(on(iam.write, 'rds:PromoteReadReplica')).toEqual(databases);
  expect(on(iam.read, 'rds:DescribeDBInstances')).toEqual(expect.arrayContaining(databases));
  expect(on(iam.write, 'route53:ChangeResourceRecordSets')).toEqual(['arn:aws:route53:::hostedzone/Z0LLMMARKET']);
  // And for these, which nothing in the plan uses: backups and their buckets, clusters by way of EKS, the zone itself.
  const all = [...pairs(iam.read), ...pairs(iam.write)].map(([action]) => action);
  for (const unused of [
    'rds:DescribeDBSnapshots',
    'rds:RestoreDBInstanceFromDBSnapshot',
    's3:ListBucket',
    's3:GetObject',
    's3:PutObject',
    'eks:DescribeCluster',
    'eks:ListClusters',
    'route53:GetHostedZone',
  ])
    expect(all).not.toContain(unused);
  // What the document forgets and the work needs: a promote is refused in the middle of it otherwise.
  expect([...new Set(all)].sort()).toEqual([
    'cloudwatch:GetMetricStatistics',
    'rds:AddTagsToResource',
    'rds:CreateDBInstanceReadReplica',
    'rds:DescribeDBInstances',
    'rds:DescribeEvents',
    'rds:ModifyDBInstance',
    'rds:PromoteReadReplica',
    'rds:RebootDBInstance',
    'route53:ChangeResourceRecordSets',
    'route53:GetChange',
    'route53:ListResourceRecordSets',
  ]);
});

const small = planOf({
  'mill.yml': mill(
    procedure(`steps:
  turn: { uses: kubernetes/restart, with: { cluster: "{{ to }}", namespace: mill, deployment: big } }
  log: { uses: kubernetes/patch-configmap, with: { cluster: "{{ to }}", namespace: mill, configmap: log, data: { level: debug } } }
  open: { uses: route53/switch-weights, with: { component: door, to: "{{ to }}" }, require: door-opens }`),
  ),
});

test('a small plan needs exactly this for one of its flows, and nothing else', () => {
  const { iam, rbac } = permissionsOf(small, registry, { flow: 'failover', scope: 'wheels' });
  const zone = 'arn:aws:route53:::hostedzone/Z0MILL';
  expect(pairs(iam.read).sort()).toEqual([
    ['route53:GetChange', 'arn:aws:route53:::change/*'],
    ['route53:ListResourceRecordSets', zone],
  ]);
  expect(pairs(iam.write)).toEqual([['route53:ChangeResourceRecordSets', zone]]);
  expect(rbac.map(({ cluster }) => cluster).sort()).toEqual(['mill-hill', 'mill-vale']);
  for (const { yaml } of rbac)
    expect(rulesOf(yaml).sort((a, b) => String(a.resources).localeCompare(String(b.resources)))).toEqual([
      { apiGroups: [''], resources: ['configmaps'], resourceNames: ['log'], verbs: ['get', 'patch'] },
      { apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['big'], verbs: ['get', 'patch'] },
    ]);
});

test('the text is what can be applied: policies as JSON, roles as YAML', () => {
  const text = permissionsText(permissionsOf(small, registry)).join('\n');
  const policies = [...text.matchAll(/^\{$.*?^\}$/gms)].map(([json]) => JSON.parse(json));
  expect(policies).toHaveLength(2);
  for (const policy of policies) expect(policy).toMatchObject({ Version: '2012-10-17', Statement: expect.any(Array) });
  const yaml = text.split('# kubectl --context mill-vale apply -f -\n')[1]!.split('\n\n')[0]!;
  expect(parse(yaml.split('---')[0]!)).toMatchObject({ apiVersion: 'rbac.authorization.k8s.io/v1' });
});
