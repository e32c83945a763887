import type { Environment } from '../../config.ts';
import type { Answer, FlowPlan, LookContext } from '../../define.ts';
import { messageOf } from '../../errors.ts';
import type { Registry } from '../../plan/registry.ts';
import { readEvictionPolicy } from '../../queue/eviction-policy.ts';
import { slackScopes } from '../../systems/slack/scopes.ts';
import type { createSystems } from '../../systems.ts';
import { bad, type Finding, good } from './finding.ts';

type Systems = ReturnType<typeof createSystems>;

const patienceMs = 10_000;

/** Slack takes our token and has given it every scope that something uses. */
export const lookAtSlack = async (systems: Systems): Promise<Finding[]> => {
  try {
    const answer = await systems.slack.client.read('auth.test', {}, AbortSignal.timeout(patienceMs));
    const given: string[] | undefined = answer.response_metadata?.scopes;
    return [good(`Slack: signed in as ${answer.user} of ${answer.team}`), ...(given ? judgeScopes(given) : [])];
  } catch (error) {
    return [bad(`Slack: ${messageOf(error)}`, 'Check SLACK_BOT_TOKEN, and whether this machine reaches slack.com.')];
  }
};

/** One finding for each scope that lacks or is too many, with what it is for. */
export const judgeScopes = (given: readonly string[]): Finding[] => {
  const needed = slackScopes();
  const missing = needed
    .filter(({ scope }) => !given.includes(scope))
    .map(({ scope, for: uses }) =>
      bad(
        `Slack: the token lacks ${scope}, needed for ${uses.join('; ')}`,
        `Add ${scope} to the app from app-manifest.yml, and install it to the workspace again.`,
      ),
    );
  const idle = given
    .filter((scope) => scope !== '' && !needed.some((each) => each.scope === scope))
    .map((scope) =>
      bad(
        `Slack: the token has ${scope}, which nothing here needs`,
        `Take ${scope} out of the app, as app-manifest.yml has it, and install it to the workspace again.`,
      ),
    );
  return missing.length + idle.length > 0
    ? [...missing, ...idle]
    : [good(`Slack: the token has the ${needed.length} scopes that are needed, and no others`)];
};

/** The token reads schedules and may make incidents, in the name of somebody who is there. */
export const lookAtPagerDuty = async (systems: Systems, schedules: readonly string[]): Promise<Finding[]> => {
  const { client } = systems.pagerduty;
  const ask = async (deed: () => Promise<string>, what: string, advice: string): Promise<Finding> => {
    try {
      return good(`PagerDuty: ${await deed()}`);
    } catch (error) {
      return bad(`PagerDuty: ${what}: ${messageOf(error)}`, advice);
    }
  };
  const signal = AbortSignal.timeout(patienceMs);
  return Promise.all([
    ask(
      async () => `pages are made in the name of ${await client.whoAmI(signal)}`,
      'PAGERDUTY_FROM',
      'Set PAGERDUTY_FROM to the e-mail of a user of this account.',
    ),
    ask(
      async () => {
        if (!(await client.mayCreate(signal))) throw new Error('the token may only read, so nobody can be paged');
        return 'the token may make incidents';
      },
      'making incidents',
      'Make a REST API key that is not read-only, and put it into PAGERDUTY_API_TOKEN.',
    ),
    ...schedules.map((schedule) =>
      ask(
        async () => `${schedule} answers, ${(await systems.pagerduty.onCallNow(schedule)).length} on call`,
        schedule,
        'Check PAGERDUTY_API_TOKEN, and that the plan names a schedule of this account.',
      ),
    ),
  ]);
};

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
