import type { RecordSet } from '../aws/hosted-zones.ts';
import type { KeptMail } from '../mail/start-mail.ts';
import type { Account } from '../pagerduty/account.ts';
import type { SandboxContext } from '../part.ts';
import { describeWorld, type World } from '../world.ts';
import type { WorldPlan } from '../world-plan.ts';
import type { PageView, SystemView, WorldView } from './shapes.ts';

export interface WorldSources {
  context: SandboxContext;
  world: World;
  account: Account;
  mails: KeptMail[];
}

/** Replicas are always a little behind; from here on somebody has made them so. */
const muchLagSeconds = 30;
const shownPages = 20;
const shownMails = 20;

/** The world outside Slack, as the panel beside the workspace shows it. */
export const viewWorld = ({ context, world, account, mails }: WorldSources): WorldView => {
  const described = describeWorld(context, world);
  const down = new Set(described.regionsDown);
  const slack = context.faults.service('slack');
  const pagerDuty = context.faults.service('pagerduty');
  return {
    broken: [
      ...described.regionsDown.map((region) => `${region} is down`),
      ...(world.databases.lagSeconds >= muchLagSeconds ? [`replicas lag ${world.databases.lagSeconds} s`] : []),
      ...(slack ? [`Slack answers ${slack.how}`] : []),
      ...(pagerDuty ? ['PagerDuty is down'] : []),
    ],
    lagSeconds: world.databases.lagSeconds,
    slackLimited: slack !== undefined,
    pagerDutyDown: pagerDuty !== undefined,
    systems: context.plans.map((plan) => viewSystem(plan, context, world, described, down)),
    pages: account.pages
      .slice(-shownPages)
      .reverse()
      .map((page) => viewPage(page, account)),
    mails: mails
      .slice(-shownMails)
      .reverse()
      .map(({ at, recipients, subject, text }) => ({ at, to: recipients.join(', '), subject, text })),
    calls: Object.entries(context.ledger.calls())
      .map(([method, { ok, refused, limited }]) => ({ method: method.replace(/^slack:/, ''), ok, refused, limited }))
      .sort((one, other) => other.ok + other.limited - (one.ok + one.limited)),
  };
};

const viewSystem = (
  plan: WorldPlan,
  context: SandboxContext,
  world: World,
  described: ReturnType<typeof describeWorld>,
  down: Set<string>,
): SystemView => {
  // What a plan writes down anywhere in its components is its own; the world itself does not know whose a thing is.
  const written = JSON.stringify(plan.components).toLowerCase();
  const now = context.clock.now();
  return {
    plan: plan.plan,
    title: plan.title,
    regions: Object.entries(plan.regions).map(([place, { aws }]) => ({
      id: aws ?? place,
      place,
      down: down.has(aws ?? place),
    })),
    databases: world.databases
      .all()
      .filter(
        (one) => written.includes(`"${one.id.toLowerCase()}"`) || written.includes(`"${one.source?.id.toLowerCase()}"`),
      )
      .map((one) => ({
        id: one.id,
        region: one.region,
        role: one.source ? ('replica' as const) : ('primary' as const),
        status: one.status,
        writable: one.writable,
        lagSeconds: one.source ? Math.round(world.databases.lagOf(one, now)) : null,
        down: down.has(one.region),
      })),
    names: [...viewNames(plan, world), ...cloudflareNames(written, described.cloudflareRecords)],
    clusters: Object.values(plan.regions).flatMap(({ kubernetes }) => {
      const cluster = kubernetes === undefined ? undefined : described.clusters[kubernetes];
      if (!cluster) return [];
      const deployments = Object.entries(cluster.deployments)
        .filter(([name]) => written.includes(`"${name.split('/')[1]!.toLowerCase()}"`))
        .map(([name, { ready, replicas }]) => ({ name: name.split('/')[1]!, ready, wanted: replicas }));
      const sum = (key: 'ready' | 'wanted') => deployments.reduce((total, each) => total + each[key], 0);
      return [
        {
          name: kubernetes!,
          region: cluster.region,
          down: down.has(cluster.region),
          ready: sum('ready'),
          wanted: sum('wanted'),
          deployments,
        },
      ];
    }),
  };
};

/** Where each name of the plan leads, with its share of the answers. */
const viewNames = (plan: WorldPlan, world: World): SystemView['names'] => {
  const names = new Set(
    Object.values(plan.components)
      .filter((component) => typeof component['name'] === 'string' && component['zone'] !== undefined)
      .map((component) => `${String(component['name']).toLowerCase().replace(/\.$/, '')}.`),
  );
  const sets = world.zones.all().flatMap((zone) => zone.served);
  return [...names].flatMap((name) => {
    const own = sets.filter((set) => set.name === name);
    const total = own.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
    const share = ({ weight, failover }: RecordSet) =>
      failover ?? (weight === undefined ? '' : total === 0 ? '0 %' : `${Math.round((100 * weight) / total)} %`);
    return own.length === 0
      ? []
      : [
          {
            name: name.slice(0, -1),
            type: own[0]!.type,
            leads: own.map((set) => ({
              to: set.alias?.dnsName ?? set.values.join(', '),
              share: share(set).toLowerCase(),
            })),
          },
        ];
  });
};

const cloudflareNames = (written: string, records: object[]): SystemView['names'] =>
  (records as { name: string; type: string; content: string; proxied: boolean }[])
    .filter(({ name }) => written.includes(`"${name}"`))
    .map(({ name, type, content, proxied }) => ({
      name,
      type,
      leads: [{ to: content, share: proxied ? 'proxied' : '' }],
    }));

const viewPage = (page: Account['pages'][number], account: Account): PageView => {
  const incident = account.incidents.find(({ id }) => id === page.incident);
  return {
    at: page.at,
    person: page.name,
    why: page.why,
    incident: page.incident,
    title: incident?.title ?? '',
    status: incident?.status ?? 'resolved',
  };
};
