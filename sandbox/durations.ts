/**
 * How long things take in the world, in world seconds. Where a guide gives only an order of magnitude ("several
 * minutes"), the figure is chosen within it, and the comment says so.
 */
const chosen = {
  /** RDS: a promotion "can take several minutes or longer", with a reboot in it; chosen so that it is 150 s in all. */
  promoteOldStatus: 10, // the status is the old one for some seconds after the call was accepted
  promoteModifying: 90,
  promoteRebooting: 50,
  /** RDS: a restore takes as long as the data is large; chosen for a small instance. */
  restoreCreating: 180,
  restoreBackingUp: 60,
  /** RDS: transaction logs are kept every 5 min, so the latest restorable time is at most that old. */
  logShipping: 300,
  /** RDS: the default retention of automated backups of an instance made in the console. */
  backupRetention: 7 * 24 * 3600,
  /** RDS: chosen. */
  deleteInstance: 120,
  modifyInstance: 30,
  renameInstance: 60,
  /** RDS: a failover "typically" takes 60 to 120 s; the zone "might not be reflected for several minutes"; chosen. */
  reboot: 60,
  zoneShown: 30,
  /** RDS: a switchover of a blue/green deployment typically takes under a minute; chosen. */
  blueGreen: 40,
  /** Aurora: a switchover takes a minute or two, a failover "typically" about one; chosen. */
  auroraSwitchover: 90,
  auroraFailover: 60,
  /** Aurora: until an old primary that is back has been made a secondary; chosen. */
  auroraRejoin: 120,
  /** RDS: a replica in another Region takes as long as the data is large; chosen for a small instance. */
  createReplica: 300,
  /** ElastiCache: a new node takes minutes, with the status `modifying` meanwhile; chosen. */
  increaseReplicas: 180,
  decreaseReplicas: 120,
  /** Route 53: changes generally reach all name servers within 60 s; chosen within that. */
  route53Insync: 15,
  /** Route 53: a health check every 30 s that fails after two of them. */
  healthCheckFailing: 60,
  /** Cloudflare: a changed record is answered within seconds; chosen. */
  cloudflareDns: 5,
  /** ECS: a task on Fargate is pulled and started; chosen. What goes is drained before. */
  ecsFirstTask: 40,
  ecsLastTask: 80,
  ecsDraining: 20,
  /** EC2: until a new instance is in service, and until one is gone; chosen. */
  instanceLaunch: 90,
  /** S3: most objects are replicated within 15 min, small ones much sooner; chosen. */
  s3Replication: 15,
  /** Kubernetes: pull, start and readiness probe of a pod on nodes that are there already; chosen. */
  podFirstReady: 45,
  podLastReady: 90,
  podTermination: 5,
  /** PostgreSQL: a promotion ends recovery and writes a checkpoint; seconds for most, chosen for a busy one. */
  streamingPromote: 25,
  /** Kubernetes: a Job's pod on a node that has its image; and what a short script takes; chosen. */
  jobPodStart: 10,
  jobRun: 20,
  /** Kubernetes: a cloud volume grown online, file system included; chosen. */
  growVolume: 30,
  /** Patroni, after its leader died, counted from there: as a team measured it that deletes the leader's pod. */
  patroniDetected: 5,
  patroniElected: 15,
  patroniReady: 25,
  /** … and until the application, which has to connect again, works. */
  patroniApplication: 45,
  /** Patroni: a planned switchover, and how much of it the old leader takes to step down; chosen. */
  patroniSteppedDown: 5,
  patroniSwitchedOver: 15,
  /** Patroni: a member that was revived starts as a replica; chosen. */
  patroniMemberStart: 10,
  /** Sentinel, one after the other: as a team measured it that deletes the master's pod. */
  sentinelDetection: 8,
  sentinelPromotion: 12,
  sentinelReconfiguration: 8,
  /** JetStream: copying a stream within a server; chosen. */
  natsFill: 5,
  /** What an asynchronous replica in another Region lags on a quiet day; chosen, and changed by `POST /lag`. */
  replicaLag: 3,
};

export type Durations = { readonly [Name in keyof typeof chosen]: number };

export const durations: Durations = chosen;

/**
 * Other figures for this process's world, such as those that an organisation measured. Throws for a name that is not
 * above, or a value that is no number of seconds.
 */
export const setDurations = (others: Record<string, unknown>): void => {
  for (const [name, seconds] of Object.entries(others)) {
    if (!(name in chosen))
      throw new Error(`There is no duration "${name}" in the sandbox; there are ${Object.keys(chosen).join(', ')}.`);
    if (typeof seconds !== 'number' || !(seconds >= 0))
      throw new Error(`The duration "${name}" is no number of seconds.`);
    chosen[name as keyof typeof chosen] = seconds;
  }
};
