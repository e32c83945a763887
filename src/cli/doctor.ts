import { flows } from '../../flows/index.ts';
import { createDirectory } from '../authority/directory.ts';
import { type Environment, hasTokens, readOwnSettings, readSettings, type Settings } from '../config.ts';
import type { ApprovalRule, FlowPlan } from '../define.ts';
import { messageOf } from '../errors.ts';
import type { Database } from '../journal/database.ts';
import { verifyJournal } from '../journal/verify.ts';
import { createLog } from '../logging.ts';
import { type Plan, readPlan } from '../plan/plan.ts';
import { viewPlan } from '../plan/view.ts';
import { createTools } from '../plan-language.ts';
import { createSystems } from '../systems.ts';
import { lookAtApprovals } from './doctor/approvals.ts';
import { lookAtLogin } from './doctor/database.ts';
import { bad, type Finding, good } from './doctor/finding.ts';
import { lookAtAccess, lookAtAws } from './doctor/rights.ts';
import {
  lookAtClusters,
  lookAtComponents,
  lookAtHome,
  lookAtPagerDuty,
  lookAtRedis,
  lookAtSlack,
  lookAtStatuspage,
} from './doctor/systems.ts';
import { type Offline, openOffline } from './offline.ts';
import { type OpenJournal, withJournal } from './open.ts';
import { lintPlan, lintWording } from './plan-lint.ts';
import { print } from './print.ts';

/** Looks for what would go wrong at three in the morning. One line each; ends with 1 when anything is wrong. */
export const doctor = async (): Promise<void> => {
  let wrong = 0;
  const say = (findings: readonly Finding[]) => {
    for (const { ok, what, advice } of findings) {
      print(`${ok ? '✔' : '✘'} ${what}`);
      if (advice) print(`  → ${advice}`);
      if (!ok) wrong += 1;
    }
  };
  const environment = process.env;
  let offline: Offline;
  try {
    readOwnSettings(environment);
    if (hasTokens(environment)) readSettings(environment);
    say([good(hasTokens(environment) ? 'Settings: complete' : 'Settings: no tokens, so this is a rehearsal')]);
    offline = openOffline(environment);
  } catch (error) {
    say([
      bad(`Settings: ${messageOf(error).split('\n').join('\n    ')}`, 'README.md says where each setting comes from.'),
    ]);
    process.exitCode = 1;
    return;
  }
  const wording = lintWording(offline);
  say(wording.length > 0 ? wording.map(templateFault) : [good('Templates: every one renders')]);
  const plans = readable(offline);
  say(plans.findings);
  try {
    await withJournal(environment, async (journal) => {
      say(await lookAtDatabase(journal.database));
      if (journal.databaseUrl === environment['DATABASE_URL']) say(await lookAtLogin(journal.databaseUrl));
      await lookOutside(journal, offline, plans.read, say);
    });
  } catch (error) {
    say([bad(`Database: ${messageOf(error)}`, 'Check DATABASE_URL, or the log beside the embedded server.')]);
  }
  print(wrong === 0 ? 'Nothing is wrong.' : `${wrong} to mend.`);
  if (wrong > 0) process.exitCode = 1;
};

const templateFault = (fault: string): Finding =>
  bad(fault, 'Correct the template; `mayday plan lint` checks it again.');

const readable = (offline: Offline): { read: Plan[]; findings: Finding[] } => {
  const read: Plan[] = [];
  const findings: Finding[] = [];
  try {
    for (const file of offline.files()) {
      const { faults, summary } = lintPlan(file, offline);
      if (faults.length === 0) read.push(readPlan(file, offline.registry));
      findings.push(
        ...faults.map((fault) => bad(fault, 'Correct the plan; `mayday plan lint` checks it again.')),
        ...(faults.length === 0 ? [good(summary)] : []),
      );
    }
    if (findings.length === 0)
      findings.push(bad('There is no plan', 'Write one YAML file per protected system into MAYDAY_PLANS.'));
  } catch (error) {
    findings.push(bad(messageOf(error), 'Set MAYDAY_PLANS to the folder of the plans.'));
  }
  return { read, findings };
};

const mostSkewSeconds = 30;

const lookAtDatabase = async ({ pool }: Database): Promise<Finding[]> => {
  const before = Date.now();
  const { rows } = await pool.query(`SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms`);
  const skew = Math.abs(Number(rows[0].ms) - (before + Date.now()) / 2) / 1000;
  const { entries, streams, firstBad } = await verifyJournal(pool);
  return [
    good('Database: answers'),
    firstBad
      ? bad(
          `Journal: row ${firstBad.seq} of ${firstBad.stream}: ${firstBad.why}`,
          'Keep the database as it is, and compare with an export made earlier.',
        )
      : good(`Journal: ${entries} entries in ${streams} streams verify`),
    skew > mostSkewSeconds
      ? bad(`Clock: ${skew.toFixed(0)} s from the database's`, 'Let both machines keep time by NTP.')
      : good(`Clock: ${skew.toFixed(1)} s from the database's`),
  ];
};

const lookOutside = async (
  { environment, clock }: OpenJournal,
  offline: Offline,
  plans: readonly Plan[],
  say: (findings: readonly Finding[]) => void,
): Promise<void> => {
  const views = plans.map((plan) => ({ plan, view: viewPlan(plan, offline.registry) }));
  for (const { view } of views) say(lookAtHome(view, process.env));
  const settings = settingsOf(environment);
  if (!settings) {
    for (const { plan, view } of views)
      say(await lookAtApprovals(view, peopleOf(plan, view), rulesOf(view), undefined));
    return print('  Nothing outside was asked, as there are no tokens and no sandbox is running (`npm start`).');
  }
  const log = createLog('silent');
  const systems = createSystems(settings, createTools(settings, environment, clock, log));
  const registry = offline.withSystems(systems.all);
  const directory = createDirectory(systems);
  try {
    if (settings.REDIS_URL) say([await lookAtRedis(settings.REDIS_URL)]);
    const schedules = plans.flatMap(({ text }) =>
      Object.values(text.groups).flatMap((group) => group['pagerduty-schedule'] ?? []),
    );
    say(await lookAtSlack(systems));
    say(await lookAtPagerDuty(systems, [...new Set(schedules)]));
    say([await lookAtStatuspage(systems)]);
    for (const plan of plans) {
      const view = viewPlan(plan, registry);
      say(await lookAtApprovals(view, peopleOf(plan, view), rulesOf(view), directory));
      say(await lookAtClusters(view, registry, { clock, log }));
      say(await lookAtAccess(plan, registry, settings));
      say(await lookAtAws(plan, registry, settings));
      say(await lookAtComponents(view, registry, { clock, log }));
    }
  } finally {
    await Promise.allSettled(systems.all.map((system) => system.close()));
  }
};

/** Real settings, or those of the sandbox that runs; none when neither is there. */
const settingsOf = (environment: Environment): Settings | undefined =>
  hasTokens(environment) ? readSettings(environment) : undefined;

const peopleOf = (plan: Plan, view: FlowPlan) => Object.keys(plan.text.people).map((name) => view.person(name));

const rulesOf = (view: FlowPlan): { flow: string; rule: ApprovalRule }[] =>
  flows.flatMap((flow) =>
    flow.approval === undefined || view.scopes(flow.name).length === 0
      ? []
      : view.approvalRules(flow.approval).map((rule) => ({ flow: flow.name, rule })),
  );
