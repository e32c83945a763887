import { channels, type World, wholeText } from './world.ts';

/** One thing that must hold in the world, with what was found there. */
export interface Verdict {
  what: string;
  holds: boolean;
  found: string;
}

interface PlanFile {
  plan: string;
  regions: Record<string, { aws: string; kubernetes: string }>;
  prefer: string[];
  people: Record<string, { email?: string; pagerduty?: string; slack?: string }>;
  components: Record<string, { kind: string; [key: string]: any }>;
  stakeholders?: Record<string, { title: string; person: string; by: string[] }>;
  announce?: { 'status-page'?: object; pagerduty?: object };
  [key: string]: any;
}

/** Judges a failover of a whole Region by the world's own state and ledger. */
export const judgeFailover = async (
  world: World,
  plan: PlanFile,
  to: string,
  succeeded: boolean,
): Promise<Verdict[]> => {
  const [state, ledger] = await Promise.all([world.get('/world'), world.get('/ledger')]);
  const verdicts: Verdict[] = [];
  const say = (what: string, holds: boolean, found: unknown) =>
    verdicts.push({ what, holds, found: typeof found === 'string' ? found : JSON.stringify(found) });
  const cluster = state.clusters[plan.regions[to]!.kubernetes];
  for (const [name, component] of Object.entries(plan.components)) {
    if (component.kind === 'rds-postgresql') {
      const instance = state.instances.find((each: any) => each.id === component[to]);
      const promotes = ledger.entries.filter(
        (entry: any) => entry.change === 'rds:PromoteReadReplica' && entry.resource.endsWith(`:${component[to]}`),
      ).length;
      if (!succeeded) {
        say(`${name}: promoted at most once`, promotes <= 1, promotes);
        continue;
      }
      say(
        `${name}: ${component[to]} is a primary that accepts writes`,
        instance?.role === 'primary' && instance.writable && instance.status === 'available',
        instance,
      );
      say(`${name}: promoted exactly once`, promotes === 1, promotes);
      const [recovery] = (
        await world.post('/sql', { instance: component[to], sql: 'SELECT pg_is_in_recovery() AS standby' })
      ).rows;
      say(`${name}: the server itself says that it is no standby`, recovery?.standby === false, recovery);
      const secrets = Object.values(cluster?.secrets ?? {}).flatMap((secret: any) => Object.values(secret));
      say(`${name}: a Secret of the cluster names it`, secrets.includes(instance?.endpoint), secrets.length);
    }
    if (!succeeded) continue;
    if (component.kind === 'kubernetes-deployments')
      for (const [deployment, sizes] of Object.entries<any>(component['deployments'])) {
        const found = cluster?.deployments[`${component['namespace']}/${deployment}`];
        say(`${name}: ${sizes.active} pods of ${deployment} are ready`, found?.ready >= sizes.active, found);
      }
    if (component.kind === 'elasticache-redis') {
      const group = state.groups.find((each: any) => each.id === component[to]);
      say(
        `${name}: ${component[to]} has ${component['replicas'].active} replicas`,
        group?.replicas >= component['replicas'].active && group.status === 'available',
        group,
      );
    }
    if (component.kind === 's3-bucket') {
      const values = Object.values(cluster?.configMaps ?? {}).flatMap((map: any) => Object.values(map));
      say(`${name}: a ConfigMap names ${component[to]}`, values.includes(component[to]), values.length);
    }
    if (component.kind === 'route53-record') {
      const records = state.records.filter((record: any) => record.name.replace(/\.$/, '') === component['name']);
      const right = records.every((record: any) =>
        record.values.includes(component[to]) ? record.weight === 100 : record.weight === 0,
      );
      say(
        `${name}: ${component['name']} goes to ${component[to]} alone`,
        records.length > 0 && right,
        records.map((record: any) => [record.values, record.weight]),
      );
    }
  }
  return verdicts;
};

/** Judges who was told, by what arrived. */
export const judgeTelling = async (world: World, plan: PlanFile, succeeded: boolean): Promise<Verdict[]> => {
  const [{ mails }, page, pager] = await Promise.all([
    world.get('/mail'),
    world.get('/statuspage/state'),
    world.get('/pagerduty/state'),
  ]);
  const verdicts: Verdict[] = [];
  const say = (what: string, holds: boolean, found: unknown) =>
    verdicts.push({ what, holds, found: JSON.stringify(found) });
  for (const stakeholder of Object.values(plan.stakeholders ?? {})) {
    const person = plan.people[stakeholder.person]!;
    if (stakeholder.by.includes('email')) {
      const got = mails.filter((mail: any) => mail.recipients.includes(person.email)).length;
      say(`${stakeholder.title} was mailed when it began and how it ended`, got >= 2, got);
    }
    if (stakeholder.by.includes('phone')) {
      const rung = pager.pages.filter(
        (each: any) =>
          each.person === person.pagerduty ||
          each.id === person.pagerduty ||
          JSON.stringify(each).includes(person.pagerduty!),
      ).length;
      say(`${stakeholder.title}'s phone rang`, rung > 0, rung);
    }
  }
  if (plan.announce?.pagerduty) {
    const incident = pager.incidents[0];
    say(
      'on-call was paged, with high urgency',
      incident?.urgency === 'high' && pager.pages.length > 0,
      pager.pages.length,
    );
  }
  if (plan.announce?.['status-page']) {
    const status = page.incidents[0]?.status ?? 'nothing';
    say(
      `the status page says ${succeeded ? 'resolved' : 'no more than is true'}`,
      succeeded ? status === 'resolved' : status !== 'resolved' && status !== 'monitoring',
      status,
    );
  }
  return verdicts;
};

/** Judges a restore: the new instance holds exactly the rows up to the moment, and the source is as it was. */
export const judgeRestore = async (
  world: World,
  moment: Date,
  tables: { table: string; column: string }[],
  source: string,
): Promise<Verdict[]> => {
  const { entries } = await world.get('/ledger');
  const made = entries.filter((entry: any) => entry.change === 'rds:RestoreDBInstanceToPointInTime');
  const verdicts: Verdict[] = [
    { what: 'one instance was restored', holds: made.length === 1, found: String(made.length) },
  ];
  const instance = made[0]?.resource.split(':').at(-1);
  if (!instance) return verdicts;
  for (const { table, column } of tables) {
    const count = `SELECT count(*)::int AS rows, max("${column}") AS newest FROM "${table}"`;
    const [there] = (await world.post('/sql', { instance, sql: count })).rows;
    const [wanted] = (
      await world.post('/sql', {
        instance: source,
        sql: `${count} WHERE "${column}" <= $1`,
        params: [moment.toISOString()],
      })
    ).rows;
    verdicts.push({
      what: `${table} of ${instance} holds the rows up to ${moment.toISOString()} and no other`,
      holds: there.rows > 0 && there.rows === wanted.rows && new Date(there.newest) <= moment,
      found: `${there.rows} of ${wanted.rows} rows, the newest of ${there.newest}`,
    });
  }
  return verdicts;
};

/** Wall seconds for which what is owed may wait after the old place answers again. */
const returnPatienceSeconds = 40;

/**
 * Brings the lost place back and judges that it is made safe by itself: whatever wrote there is stopped, and the old
 * primary takes no more rows. Nothing is judged for a plan that fences nothing.
 */
/** Nothing may be left for a person to decide, and nobody woken twice, when all that was asked for has been done. */
export const judgeQuiet = async (world: World, plan: Pick<PlanFile, 'announce'>): Promise<Verdict[]> => {
  const waiting = (await channels(world)).flatMap(({ messages }) => messages).filter(({ text }) => /^🛑/u.test(text));
  const { incidents } = await world.get('/pagerduty/state');
  return [
    {
      what: 'no run waits for a human',
      holds: waiting.length === 0,
      found: waiting.map(wholeText).join('\n'),
    },
    {
      what: 'on-call was woken once',
      holds: incidents.length === (plan.announce?.pagerduty ? 1 : 0),
      found: JSON.stringify(incidents.map(({ title, notes }: any) => ({ title, notes }))),
    },
  ];
};

export const judgeReturn = async (
  world: World,
  plan: PlanFile,
  home: string,
  tell: (text: string) => void,
): Promise<Verdict[]> => {
  const fenced = Object.entries(plan.components).filter(([, component]) => component['fence'] && component[home]);
  await world.clearFaults();
  tell(`${plan.regions[home]!.aws} answers again. Its primary knows nothing of the failover.`);
  if (fenced.length === 0) return [];
  const cluster = async () => (await world.get('/world')).clusters[plan.regions[home]!.kubernetes];
  const isReadOnly = async (instance: string): Promise<boolean> => {
    const sql = `SELECT 1 FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
      WHERE d.datname = current_database() AND s.setrole = 0 AND 'default_transaction_read_only=on' = ANY (s.setconfig)`;
    return (await world.post('/sql', { instance, sql })).rows.length > 0;
  };
  const rowsOf = async (component: PlanFile['components'][string]): Promise<number> => {
    const { table } = component['heartbeat'];
    const sql = `SELECT count(*)::int AS rows FROM "${table}"`;
    return (await world.post('/sql', { instance: component[home], sql })).rows[0].rows;
  };
  const stopped = async () =>
    Object.values<any>((await cluster()).deployments).every(({ replicas }) => replicas === 0) ? true : undefined;
  const safe = await world.until('the old place made safe', returnPatienceSeconds, stopped).catch(() => false);
  const verdicts: Verdict[] = [];
  verdicts.push({
    what: `${home}: every deployment that wrote there is stopped`,
    holds: safe === true,
    found: JSON.stringify((await cluster()).deployments),
  });
  for (const [name, component] of fenced) {
    const readOnly = await world
      .until('the fence', returnPatienceSeconds, async () => ((await isReadOnly(component[home])) ? true : undefined))
      .catch(() => false);
    tell(`  ${component[home]} is ${readOnly ? 'read-only' : 'NOT fenced'}.`);
    const before = await rowsOf(component);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const after = await rowsOf(component);
    verdicts.push({
      what: `${name}: the old primary ${component[home]} is read-only, and no row is written there any more`,
      holds: readOnly === true && after === before,
      found: `${after - before} rows since`,
    });
  }
  return verdicts;
};
