import { createAutoScaling } from './aws/auto-scaling.ts';
import { createCloudWatch } from './aws/cloudwatch.ts';
import { createEcs } from './aws/ecs.ts';
import { createElasticache } from './aws/elasticache.ts';
import { createHealthChecks } from './aws/health-checks.ts';
import { createHostedZones } from './aws/hosted-zones.ts';
import { createIam } from './aws/iam.ts';
import { createPrincipals } from './aws/principals.ts';
import { createRds } from './aws/rds.ts';
import { createRoute53 } from './aws/route53.ts';
import { createS3 } from './aws/s3.ts';
import { startAws } from './aws/start-aws.ts';
import { createSts } from './aws/sts.ts';
import { createCertificates } from './certificates.ts';
import { startClickhouse } from './clickhouse/start-clickhouse.ts';
import { createWorldClock } from './clock.ts';
import { startCloudflare } from './cloudflare/start-cloudflare.ts';
import { startControl } from './control.ts';
import { createAurora } from './databases/aurora.ts';
import { createDatabases, runByRds } from './databases/databases.ts';
import { startGateway } from './databases/gateway.ts';
import { createDatabaseServer } from './databases/server.ts';
import type { DnsAnswer } from './dns/resolver.ts';
import { startDns } from './dns/start-dns.ts';
import { createFaults } from './faults.ts';
import { createHolds } from './holds.ts';
import { createPodCommands } from './kubernetes/pod-commands.ts';
import { startKubernetes } from './kubernetes/start-kubernetes.ts';
import { createLedger } from './ledger.ts';
import { startMail } from './mail/start-mail.ts';
import { startNats } from './nats/start-nats.ts';
import { startPagerDuty } from './pagerduty/start-pagerduty.ts';
import type { SandboxContext, SandboxPart } from './part.ts';
import { startPatroni } from './patroni/start-patroni.ts';
import { startPrometheus } from './prometheus/start-prometheus.ts';
import { startRedis } from './redis/start-redis.ts';
import { makeSecrets } from './secrets.ts';
import { startApplication } from './services/application.ts';
import { startServices } from './services/start-services.ts';
import type { AppManifest } from './slack/app-manifest.ts';
import { startSlack } from './slack/start-slack.ts';
import { startStatuspage } from './statuspage/start-statuspage.ts';
import { startWebhook } from './webhook/start-webhook.ts';
import { startWorkspace } from './workspace/start-workspace.ts';
import type { WorldPlan } from './world-plan.ts';

export interface SandboxOptions {
  plans: WorldPlan[];
  /** World seconds per wall second. */
  speed: number;
  worldStart: Date;
  /** A PostgreSQL and a user that may create databases and roles there. */
  databaseUrl: string;
  /** 0 or absent: any free port. */
  controlPort?: number;
  /** Where Slack sends its events and clicks. */
  botUrl?: string;
  /** With which the app is installed; app-manifest.yml unless given. */
  manifest?: AppManifest;
  log?: SandboxContext['log'];
}

export interface Sandbox {
  /** Settings that point every real client library at this world. */
  environment: Record<string, string>;
  controlUrl: string;
  /** The page in which people try it all. */
  workspaceUrl: string;
  context: SandboxContext;
  close(): Promise<void>;
}

/** Builds a world from plans and starts every server of it, on loopback. Closing drops its databases. */
export const startSandbox = async (options: SandboxOptions): Promise<Sandbox> => {
  const clock = createWorldClock({ speed: options.speed, worldStart: options.worldStart });
  const context: SandboxContext = {
    clock,
    ledger: createLedger(clock),
    faults: createFaults(),
    holds: createHolds(),
    plans: options.plans,
    log:
      options.log ?? ((message, facts) => process.stderr.write(`sandbox: ${message} ${JSON.stringify(facts ?? {})}\n`)),
  };
  // Closed in the opposite order, also when a later part cannot start.
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const { parts, people, hosts, ...world } = await startParts(context, options, closers);
    const control = await startControl(context, world, parts, options.controlPort ?? 0);
    closers.push(control.close);
    const workspace = await startWorkspace(context, { ...people, world });
    closers.push(workspace.close);
    const merged: Record<string, string> = Object.assign({}, ...parts.map((part) => part.environment));
    const environment = {
      ...merged,
      ...world.secrets,
      MAYDAY_HOSTS: [...hosts, ...parts.map((part) => part.environment['MAYDAY_HOSTS'])].filter(Boolean).join(','),
      MAYDAY_CA: world.certificates.authorityPath,
      MAYDAY_WORLD_CLOCK: `${clock.wallStart.toISOString()}/${clock.worldStart.toISOString()}/${clock.speed}`,
    };
    return { environment, controlUrl: control.url, workspaceUrl: workspace.url, context, close };
  } catch (error) {
    await close();
    throw error;
  }
};

const startParts = async (
  context: SandboxContext,
  options: SandboxOptions,
  closers: (() => Promise<void> | void)[],
) => {
  const parts: SandboxPart[] = [];
  const add = <P extends SandboxPart>(part: P): P => {
    parts.push(part);
    closers.push(() => part.close());
    return part;
  };
  const secrets = makeSecrets(context.plans);
  const certificates = await createCertificates();
  closers.push(certificates.close);

  const server = createDatabaseServer(options.databaseUrl);
  closers.push(server.close);
  const databases = await createDatabases(context, server, secrets);
  closers.push(databases.close);
  const gateway = await startGateway(context, databases, certificates);
  closers.push(gateway.close);

  const health = createHealthChecks(context);
  closers.push(health.close);
  const zones = createHostedZones(context, health);
  // Whoever has a name answers for it; the resolvers in front of them are the same.
  const authorities: Authority[] = [zones.answer];
  const dns = add(await startDns(context, (name, type) => firstAnswer(authorities, name, type)));
  const cloudflare = add(await startCloudflare(context, dns.propagated));
  authorities.push(cloudflare.answer);
  const cache = createElasticache(context);
  const ecs = createEcs(context);
  const autoScaling = createAutoScaling(context);
  const storage = createS3(context);
  const principals = createPrincipals(context.plans[0]?.account ?? '000000000000');
  const services = [
    createRds(context, runByRds(databases), createAurora(context, databases)),
    createCloudWatch(context, runByRds(databases)),
    cache.service,
    ecs.service,
    ...autoScaling.services,
    createRoute53(context, zones, health, dns.propagated),
    storage.service,
    createSts(principals),
    createIam(principals),
  ];
  add(await startAws(context, services, principals));
  const kubernetes = add(
    await startKubernetes(context, certificates, {
      instances: databases.all(),
      groups: cache.groups(),
      buckets: storage.buckets(),
    }),
  );
  kubernetes.whenDone((cluster, job) => {
    const name = job.metadata.annotations?.['mayday/restores'];
    for (const { regions, components } of name === undefined ? [] : context.plans) {
      const place = Object.keys(regions).find((each) => regions[each]?.kubernetes === cluster);
      const instance = place && databases.find(regions[place]?.aws ?? place, components[name!]?.[place]);
      if (instance)
        void databases.restored(instance).catch((error) => context.log('not restored', { error: String(error) }));
    }
  });
  const application = startApplication(context, databases, kubernetes.clusters, ecs.services());
  closers.push(application.close);
  kubernetes.answerCommands(createPodCommands(context.plans, application.state));
  add(await startServices(context, certificates, dns.resolvers[0]!, cloudflare.originOf, application));

  add(await startPatroni(context, certificates, databases, secrets));
  add(await startRedis(context, secrets));
  add(await startPrometheus(context, certificates));
  add(await startWebhook(context, certificates, secrets));
  add(await startNats(context, secrets));
  add(await startClickhouse(context, certificates, secrets));

  const people = {
    slack: add(
      await startSlack(context, { botUrl: options.botUrl ?? 'http://127.0.0.1:3000', manifest: options.manifest }),
    ),
    pagerduty: add(await startPagerDuty(context)),
    statuspage: add(await startStatuspage(context)),
    mail: add(await startMail(context)),
  };
  return {
    parts,
    people,
    // Hosts of instances are not all known beforehand: a restored one has a new name.
    hosts: [
      ...new Set(['*.rds.amazonaws.com:5432', ...databases.all().map(({ endpoint, port }) => `${endpoint}:${port}`)]),
    ].map((host) => `${host}=127.0.0.1:${gateway.port}`),
    secrets,
    certificates,
    databases,
    zones,
    cloudflare: cloudflare.records,
    groups: cache.groups(),
    services: ecs.services(),
    autoScalingGroups: autoScaling.groups(),
    buckets: storage.buckets(),
    clusters: kubernetes.clusters,
  };
};

type Authority = (name: string, type: string) => DnsAnswer | undefined;

const firstAnswer = (authorities: Authority[], name: string, type: string): DnsAnswer | undefined => {
  for (const answer of authorities) {
    const found = answer(name, type);
    if (found) return found;
  }
  return undefined;
};
