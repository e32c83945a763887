import type { BlockAction, SlashCommand, ViewSubmitAction } from '@slack/bolt';
import type {
  ApprovalRule,
  Caller,
  Clock,
  Command,
  IncidentDirectory,
  Log,
  PersonView,
  PlanDirectory,
  RunDirectory,
  StartedRun,
  StartFlow,
} from '../define.ts';
import { abort, approve, openApproval, reject, retry, voidIfEdited } from '../engine/approvals.ts';
import type { RunStore } from '../engine/run-store.ts';
import { MaydayError, messageOf } from '../errors.ts';
import { redact } from '../redact.ts';
import type { SlackClient } from '../systems/slack/index.ts';
import { type Directory, eligibility } from './authority.ts';
import { oneFieldForm } from './cards/forms.ts';
import { plain } from './cards/text.ts';
import type { Respond, ViewAnswer } from './slack-app.ts';

export interface ChatOptions {
  slack: SlackClient;
  directory: Directory;
  clock: Clock;
  log: Log;
  store: RunStore;
  commands: readonly Command[];
  plans: PlanDirectory;
  runs: RunDirectory;
  incidents: IncidentDirectory;
  /** Digest of a plan as its file says it now; undefined when it is gone or broken. */
  planDigest(plan: string): string | undefined;
  /** Everybody whom a plan pins, by which a Slack user is known in PagerDuty. */
  people(plan: string): PersonView[];
  start(
    request: StartFlow,
    by: { requester: { slack: string; name: string; team: string }; requestKey: string; receivedAt: Date },
  ): Promise<StartedRun | { nothingToDo: string }>;
}

export interface Chat {
  command(command: SlashCommand, respond: Respond): Promise<void>;
  action(payload: BlockAction, respond: Respond): Promise<void>;
  view(payload: ViewSubmitAction): Promise<ViewAnswer | undefined>;
}

/** What people type and click, after the front door has proven it and written it down. Every refusal is one sentence. */
export const createChat = (options: ChatOptions): Chat => {
  const { slack, store, clock, log } = options;

  /** Guests, bots, strangers and people who have left may not; a Slack that does not answer means no as well. */
  const trusted = async (user: string, team: string): Promise<{ name: string }> => {
    const refuse = (why: string) =>
      new MaydayError('authority/refused', `${why} Rule: only full members of this workspace may. Nothing was done.`);
    const [info, self] = await Promise.all([slack.userInfo(user), slack.whoAmI()]);
    if (team !== self.team || info.isStranger) throw refuse('You belong to another workspace.');
    if (info.isBot) throw refuse('Bots may not give orders.');
    if (info.isDeactivated) throw refuse('This account is deactivated.');
    if (info.isGuest) throw refuse('You are a guest here.');
    return { name: info.name };
  };

  const say = async (respond: (text: string) => Promise<void>, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof MaydayError)) log.error({}, messageOf(error));
      const text =
        error instanceof MaydayError
          ? error.message
          : 'Mayday failed to do this through a fault of its own; nothing was started. Try again, or use the command line.';
      await respond(`⚠️ ${plain(redact(text)).replaceAll(/\u2009`\u2009/g, '`')}`).catch((failure) =>
        log.warn({}, messageOf(failure)),
      );
    }
  };

  const commit = async (
    runId: string,
    actor: string,
    make: Parameters<Awaited<ReturnType<RunStore['open']>>['commit']>[0],
  ) => {
    const handle = await store.open(runId);
    await handle.refresh();
    return handle.commit(make, { actor: `slack:${actor}` });
  };

  const approveBy = async (runId: string, hash: string, caller: Caller, typed: string | null): Promise<string> => {
    const handle = await store.open(runId);
    const state = await handle.refresh();
    const { rule } = openApproval(state, clock.now());
    const { slots, unknownSlots } = await eligibility(
      rule,
      caller.user,
      options.people(state.created.graph.plan),
      options.directory,
      log,
    );
    const approver = { person: caller.user, name: caller.name, slots, unknownSlots, typed, via: 'slack' as const };
    const digest = options.planDigest(state.created.graph.plan);
    const after = await commit(runId, caller.user, (now) => {
      const voided = voidIfEdited(now, digest, clock.now());
      return voided.length > 0 ? voided : approve(now, approver, hash, clock.now());
    });
    const approval = Object.values(after.steps).find(({ code }) => code === 'voided');
    if (approval) return `Not approved: ${approval.message}.`;
    return 'Your yes is recorded.';
  };

  const controlRun = (deed: 'retry' | 'abort' | 'cancel') => async (runId: string, caller: Caller, reason: string) => {
    const handle = await store.open(runId);
    const state = await handle.refresh();
    const isRequester = state.created.requester.person === caller.user;
    const rule = state.created.graph.steps.find(({ uses }) => uses === 'engine/approval')?.input as unknown as
      | ApprovalRule
      | undefined;
    if (rule && !isRequester) {
      const { slots } = await eligibility(
        rule,
        caller.user,
        options.people(state.created.graph.plan),
        options.directory,
        log,
      );
      if (slots.length === 0)
        throw new MaydayError(
          'authority/refused',
          `Only who asked for the run and those who may approve it (${rule.slots.map(({ name }) => name).join(', ')}) may ${deed} it. Nothing was done.`,
        );
    }
    await commit(runId, caller.user, (now) =>
      deed === 'retry' ? retry(now, reason) : abort(now, caller.user, reason),
    );
    return deed === 'retry' ? `Trying again in run \`${runId}\`.` : `Run \`${runId}\`: nothing more is started.`;
  };

  return {
    async command(command, respond) {
      const reply = (text: string) => respond({ text });
      await say(reply, async () => {
        const definition = options.commands.find(({ name }) => name === command.command);
        if (!definition)
          throw new MaydayError('input/invalid', `Mayday has no ${command.command}; \`/dr help\` lists what there is.`);
        const { name } =
          definition.effect === 'read' ? { name: command.user_name } : await trusted(command.user_id, command.team_id);
        const caller: Caller = { team: command.team_id, user: command.user_id, name, channel: command.channel_id };
        const receivedAt = clock.now();
        await definition.run(redact(command.text ?? ''), {
          caller,
          receivedAt,
          reply,
          commands: options.commands,
          plans: options.plans,
          runs: {
            ...options.runs,
            async control(runId, deed, _, reason) {
              await trusted(caller.user, caller.team);
              return controlRun(deed)(runId, caller, redact(reason));
            },
          },
          incidents: options.incidents,
          async start(request) {
            try {
              const started = await options.start(request, {
                requester: { slack: caller.user, name: caller.name, team: caller.team },
                requestKey: `command:${command.trigger_id}`,
                receivedAt,
              });
              if (!('nothingToDo' in started)) return started;
              await reply(`✅ ${plain(started.nothingToDo)}`);
              return undefined;
            } catch (error) {
              throw error instanceof MaydayError && error.code === 'claim/held'
                ? await heldBy(error, options.runs)
                : error;
            }
          },
        });
      });
    },

    async action(payload, respond) {
      const reply = (text: string) => respond({ text });
      await say(reply, async () => {
        const action = payload.actions[0];
        if (action?.type !== 'button' || !action.action_id.startsWith('run:')) return;
        const [runId = '', hash = ''] = (action.value ?? '').split('|');
        const user = payload.user.id;
        const team = payload.user.team_id ?? payload.team?.id ?? '';
        // A form must be asked for within three seconds of the click, so that comes before everything slow.
        const handle = await store.open(runId);
        const form = formFor(action.action_id, action.value ?? '', handle.state());
        if (form) await slack.openView(payload.trigger_id, form);
        else {
          const { name } = await trusted(user, team);
          const caller: Caller = { team, user, name, channel: payload.channel?.id ?? '' };
          if (action.action_id === 'run:approve') await reply(await approveBy(runId, hash, caller, null));
          if (action.action_id === 'run:cancel')
            await reply(await controlRun('cancel')(runId, caller, 'cancelled on the card'));
          if (action.action_id === 'run:abort')
            await reply(await controlRun('abort')(runId, caller, 'aborted on the card'));
          if (action.action_id === 'run:retry')
            await reply(await controlRun('retry')(runId, caller, 'retried on the card'));
        }
      });
    },

    async view(payload) {
      const [runId = '', hash = ''] = payload.view.private_metadata.split('|');
      const value = redact(payload.view.state.values['field']?.['value']?.value ?? '');
      const user = payload.user.id;
      const team = payload.user.team_id ?? payload.team?.id ?? '';
      let answer: ViewAnswer | undefined;
      await say(
        async (text) => {
          answer = { response_action: 'errors', errors: { field: text.slice(0, 300) } };
        },
        async () => {
          const { name } = await trusted(user, team);
          if (payload.view.callback_id === 'run:approve-typed')
            await approveBy(runId, hash, { team, user, name, channel: '' }, value);
          if (payload.view.callback_id === 'run:reject-reason') {
            const handle = await store.open(runId);
            const { rule } = openApproval(await handle.refresh(), clock.now());
            const { slots } = await eligibility(
              rule,
              user,
              options.people(handle.state().created.graph.plan),
              options.directory,
              log,
            );
            if (slots.length === 0)
              throw new MaydayError(
                'authority/refused',
                `Only those who may approve may reject: ${rule.slots.map((slot) => slot.name).join(', ')}. Who asked for it can cancel.`,
              );
            await commit(runId, user, (now) => reject(now, user, value, clock.now()));
          }
        },
      );
      return answer;
    },
  };
};

const formFor = (
  actionId: string,
  value: string,
  state: { created: { graph: { steps: readonly { uses: string; input: unknown }[] } } },
) => {
  if (actionId === 'run:reject')
    return oneFieldForm({
      callback: 'run:reject-reason',
      title: 'Reject this run',
      label: 'Why not?',
      hint: 'Everybody in the channel sees it.',
      submit: 'Reject',
      value,
      multiline: true,
    });
  const rule = state.created.graph.steps.find(({ uses }) => uses === 'engine/approval')?.input as
    | ApprovalRule
    | undefined;
  if (actionId !== 'run:approve' || !rule?.typedWord) return undefined;
  return oneFieldForm({
    callback: 'run:approve-typed',
    title: 'Approve this run',
    label: `Type ${rule.typedWord} to approve`,
    hint: `The rule "${rule.name}" asks for it.`,
    submit: 'Approve',
    value,
  });
};

const heldBy = async (error: MaydayError, runs: RunDirectory): Promise<MaydayError> => {
  const { resource, holder } = error.cause as { resource: string; holder: string };
  const description = await runs.describe(holder).catch(() => holder);
  return new MaydayError(
    'claim/held',
    `Not started: ${resource} is held by run ${holder}. ${description.split('\n')[0]} Wait for it, or abort it: \`/dr run ${holder} abort <reason>\`.`,
    { cause: error.cause },
  );
};
