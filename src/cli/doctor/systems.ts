import { scopesFor } from '../../chat/manifest.ts';
import type { Environment } from '../../config.ts';
import type { Answer, FlowPlan, LookContext } from '../../define.ts';
import { messageOf } from '../../errors.ts';
import type { Registry } from '../../plan/registry.ts';
import { readEvictionPolicy } from '../../queue/eviction-policy.ts';
import type { createSystems } from '../../systems.ts';
import { bad, type Finding, good } from './finding.ts';

type Systems = ReturnType<typeof createSystems>;

const patienceMs = 10_000;

/** Slack takes our token and has given it every scope that something uses. */
export const lookAtSlack = async (systems: Systems): Promise<Finding[]> => {
  try {
    const answer = await systems.slack.client.read('auth.test', {}, AbortSignal.timeout(patienceMs));
    const given: string[] | undefined = answer.response_metadata?.scopes;
    const missing = given ? scopesFor(systems.all).filter((scope) => !given.includes(scope)) : [];
    return [
      good(`Slack: signed in as ${answer.user} of ${answer.team}`),
      ...(missing.length > 0
        ? [
            bad(
              `Slack: the token lacks ${missing.join(', ')}`,
              'Update the app from app-manifest.yml and install it to the workspace again.',
            ),
          ]
        : []),
    ];
  } catch (error) {
    return [bad(`Slack: ${messageOf(error)}`, 'Check SLACK_BOT_TOKEN, and whether this machine reaches slack.com.')];
  }
};

export const lookAtPagerDuty = async (systems: Systems, schedules: readonly string[]): Promise<Finding[]> =>
  Promise.all(
    schedules.map(async (schedule) => {
      const advice = 'Check PAGERDUTY_API_TOKEN, and that the plan names a schedule of this account.';
      try {
        const people = await systems.pagerduty.onCallNow(schedule);
        return good(`PagerDuty: ${schedule} answers, ${people.length} on call`);
      } catch (error) {
        return bad(`PagerDuty: ${schedule}: ${messageOf(error)}`, advice);
      }
    }),
  );

export const lookAtStatuspage = async (systems: Systems): Promise<Finding> => {
  try {
    await systems.statuspage.client.findByStep('mayday-doctor', AbortSignal.timeout(patienceMs));
    return good('Statuspage: answers');
  } catch (error) {
    return bad(`Statuspage: ${messageOf(error)}`, 'Check STATUSPAGE_API_KEY and STATUSPAGE_PAGE_ID.');
  }
};

/** Each component in each place, asked as `/dr status` does: it proves credentials, names and contexts by Region. */
export const lookAtComponents = async (
  view: FlowPlan,
  registry: Registry,
  context: Omit<LookContext, 'signal'>,
): Promise<Finding[]> => {
  const looks = view.components.flatMap((name) => view.places.map((place) => ({ name, place })));
  const found = await Promise.all(
    looks.map(async ({ name, place }): Promise<Finding[]> => {
      const component = view.component(name);
      const kind = registry.kinds.get(component.kind);
      if (!kind?.describe) return [];
      const { aws, kubernetes } = view.region(place);
      const advice = `Check the credentials of this machine for ${[aws, kubernetes].filter(Boolean).join(' and ')}, the kubeconfig, and the name in plans/${view.plan}.yml.`;
      const what = `${view.plan}: ${name} in ${place}`;
      try {
        const line = await kind.describe(component, place, view, {
          ...context,
          signal: AbortSignal.timeout(patienceMs),
        });
        const isBad = /not known \(|does not exist|missing/.test(line);
        return [isBad ? bad(`${what}: ${line}`, advice) : good(`${what}: ${line}`)];
      } catch (error) {
        return [bad(`${what}: ${messageOf(error)}`, advice)];
      }
    }),
  );
  return found.flat();
};

/** Every cluster that a plan names is a context of the kubeconfig, and answers. */
export const lookAtClusters = async (
  view: FlowPlan,
  registry: Registry,
  context: Omit<LookContext, 'signal'>,
): Promise<Finding[]> => {
  const check = registry.checks.get('kubernetes/answers');
  const places = view.places.filter((place) => view.region(place).kubernetes !== undefined);
  if (!check) return [];
  return Promise.all(
    places.map(async (place) => {
      const input = check.resolve({ cluster: place }, view);
      const answer: Answer = await check.ask(input, { ...context, signal: AbortSignal.timeout(patienceMs) });
      if (answer.answer === 'yes') return good(`${view.plan}: ${answer.because}`);
      const name = view.region(place).kubernetes;
      return bad(`${view.plan}: ${answer.because}`, `Set KUBECONFIG to a file with the context ${name}.`);
    }),
  );
};

/** Redis that may drop keys loses wake-ups without a word. */
export const lookAtRedis = async (url: string): Promise<Finding> => {
  try {
    const policy = await readEvictionPolicy(url);
    if (policy === 'noeviction') return good('Redis: answers, noeviction');
    return bad(`Redis: its policy is ${policy}, so it may drop wake-ups`, 'Set maxmemory-policy to noeviction.');
  } catch (error) {
    return bad(`Redis: ${messageOf(error)}`, 'Check REDIS_URL; without it Mayday queues in its database.');
  }
};

/** A bot that goes dark together with what it must save is no help. */
export const lookAtHome = (view: FlowPlan, environment: Environment): Finding[] => {
  const here = environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'];
  const home = view.prefer[0] === undefined ? undefined : view.region(view.prefer[0]).aws;
  if (here === undefined || home === undefined) return [];
  if (here !== home) return [good(`${view.plan}: Mayday runs in ${here}, not in ${home}`)];
  return [
    bad(
      `${view.plan}: Mayday runs in ${here}, the Region that this plan fails away from`,
      'Host Mayday in another Region, with its database.',
    ),
  ];
};
