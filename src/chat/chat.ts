import type { BlockAction, GlobalShortcut, MessageShortcut, SlashCommand, ViewSubmitAction } from '@slack/bolt';
import type { Directory } from '../authority/directory.ts';
import type {
  ApprovalRule,
  ChecklistDirectory,
  Clock,
  Command,
  IncidentDirectory,
  Log,
  PersonView,
  PlanDirectory,
  PlanTools,
  RunDirectory,
  StartedRun,
  StartFlow,
} from '../define.ts';
import type { IncidentStore } from '../engine/incident-store.ts';
import type { RunStore } from '../engine/run-store.ts';
import { MaydayError, messageOf } from '../errors.ts';
import type { SlackClient } from '../systems/slack/index.ts';
import { createApproverProof, type StepUpPort } from './approver-proof.ts';
import type { CommandOf } from './cards/run-details.ts';
import { type CommandTalk, createCommandTalk } from './command-talk.ts';
import { createHomeTalk, type HomeOptions } from './home-talk.ts';
import { createIncidentDesk, type OnRecord } from './incident/incident-desk.ts';
import { createIncidentOrders } from './incident/incident-orders.ts';
import { createIncidentTalk } from './incident-talk.ts';
import { createOrders, type Orders, type OrdersOptions } from './orders.ts';
import { createProposalTalk, type ProposalOptions, type ProposalTalk } from './proposal-talk.ts';
import type { About, Refusals } from './refusals.ts';
import { createRunTalk } from './run-talk.ts';
import type { Respond, ViewAnswer } from './slack-app.ts';
import { type Origin, originOfRequest, whatWasAsked } from './slack-request.ts';
import {
  answerWith,
  createMayLook,
  createOurs,
  createReply,
  createSay,
  createTell,
  createTrusted,
  type Talk,
} from './talk.ts';

export interface ChatOptions extends Pick<ProposalOptions, 'pool' | 'home' | 'record' | 'nothingToDo'> {
  slack: SlackClient;
  directory: Directory;
  clock: Clock;
  log: Log;
  store: RunStore;
  commands: readonly Command[];
  plans: PlanDirectory;
  runs: RunDirectory;
  incidents: IncidentDirectory;
  incidentStore: IncidentStore;
  /** Everything that is on record of an incident. Throws `incident/not-found`. */
  readIncident(id: string): Promise<OnRecord>;
  planTools: PlanTools;
  checklists: ChecklistDirectory;
  /** Digest of a plan as its file says it now; undefined when it is gone or broken. */
  planDigest(plan: string): string | undefined;
  /** The approval rules in force at this hour, by flow. */
  rulesNow(plan: string): { flow: string; rule: ApprovalRule }[];
  readiness: HomeOptions['readiness'];
  channelOf: HomeOptions['channelOf'];
  /** The same as a step, as a line to type. */
  commandOf: CommandOf;
  steeredBy: OrdersOptions['steeredBy'];
  measure: OrdersOptions['measure'];
  stepUp: StepUpPort;
  /** Everybody whom a plan pins, by which a Slack user is known in PagerDuty. */
  people(plan: string): PersonView[];
  refusals: Refusals;
  start(
    request: StartFlow,
    by: { requester: { slack: string; name: string; team: string }; requestKey: string; receivedAt: Date },
  ): Promise<StartedRun | { nothingToDo: string }>;
}

export interface Chat {
  /** The one way in which people's orders reach a run. */
  orders: Orders;
  command(command: SlashCommand, respond: Respond): Promise<void>;
  action(payload: BlockAction, respond: Respond): Promise<void>;
  view(payload: ViewSubmitAction): Promise<ViewAnswer | undefined>;
  shortcut(payload: GlobalShortcut | MessageShortcut): Promise<void>;
  event(event: Record<string, any>, by: { team: string; from: Origin }): Promise<void>;
  /** Something happened to a run. */
  changed(): void;
  propose: ProposalTalk['propose'];
  /** Asks again what was put off; called again and again. */
  remind(): Promise<void>;
  stop(): void;
}

/** What people type and click, after the front door has proven it and written it down. Every refusal is one sentence. */
export const createChat = (options: ChatOptions): Chat => {
  const { slack, log } = options;
  const say = createSay(log, options.refusals);
  const ours = createOurs(slack);
  // Known before the first click needs it; a failure is not kept.
  slack.whoAmI().catch(() => {});
  const trusted = createTrusted(slack);
  const tell = createTell(slack);
  const orders = createOrders({
    ...options,
    withdrawn: (person, runId) => options.stepUp.forgetLinks(person, runId),
    isGone: (person) =>
      slack.userInfo(person).then(
        ({ isDeactivated }) => isDeactivated,
        () => false,
      ),
  });
  const store = options.incidentStore;
  const incidentOrders = createIncidentOrders({ ...options, store });
  const desk = createIncidentDesk({ slack, store, read: options.readIncident });
  const approverProof = createApproverProof({ slack, orders, stepUp: options.stepUp });
  const parts = {
    ...options,
    approverProof,
    orders,
    incidentOrders,
    desk,
    trusted,
    mayLook: createMayLook(slack),
    say,
    tell,
  };
  const commandTalk: CommandTalk = createCommandTalk({ ...parts, propose: (proposal) => proposals.propose(proposal) });
  const proposals = createProposalTalk({ ...parts, commandTalk });
  const home = createHomeTalk(parts);
  const talks: Talk[] = [
    commandTalk,
    createRunTalk({ ...parts, stepUp: approverProof }),
    home,
    proposals,
    createIncidentTalk({ ...parts, store, orders: incidentOrders, commandTalk }),
  ];

  const talkOf = (id: string): Talk | undefined => talks.find(({ word }) => id.split(':')[0] === word);

  return {
    orders,
    changed: home.changed,
    propose: proposals.propose,
    remind: proposals.remind,
    stop: home.stop,
    async command(command, respond) {
      const { user_id: user, channel_id: channel } = command;
      const reply = createReply(log, answerWith(respond), (text) => tell({ user, channel }, text));
      let isOurs = false;
      await say(aboutOf(command, command.team_id), reply, async () => {
        await ours(originOfRequest(command));
        isOurs = true;
      });
      if (isOurs) await commandTalk.command(command, reply);
    },

    async action(payload, respond) {
      const [action] = payload.actions;
      const user = payload.user.id;
      const team = payload.user.team_id ?? payload.team?.id ?? '';
      const channel = payload.channel?.id ?? payload.container?.['channel_id'];
      const told = (text: string) => tell({ user, channel }, text);
      const reply = createReply(log, ...(payload.response_url ? [answerWith(respond)] : []), told);
      await say(aboutOf(payload, team), reply, async () => {
        await ours(originOfRequest(payload));
        const talk = action && talkOf(action.action_id);
        if (!action || !talk?.action) throw unknownThing('button');
        await talk.action({ payload, action, user, team, reply });
      });
    },

    async view(payload) {
      const talk = talkOf(payload.view.callback_id);
      const user = payload.user.id;
      const team = payload.user.team_id ?? payload.team?.id ?? '';
      let answer: ViewAnswer | undefined;
      const refused = async (text: string) => {
        const [field] = (payload.view.blocks ?? []).flatMap((block) => (block.type === 'input' ? block.block_id : []));
        if (field) answer = { response_action: 'errors', errors: { [field]: text.slice(0, 300) } };
        else await tell({ user }, text);
      };
      await say(aboutOf(payload, team), refused, async () => {
        await ours(originOfRequest(payload));
        if (!talk?.submitted) throw unknownThing('form');
        answer = await talk.submitted({ payload, user, team });
      });
      return answer;
    },

    async shortcut(payload) {
      const talk = talkOf(payload.callback_id);
      const user = payload.user.id;
      const channel = 'channel' in payload ? payload.channel.id : undefined;
      const team = payload.user.team_id ?? payload.team?.id ?? '';
      await say(
        aboutOf(payload, team),
        (text) => tell({ user, channel }, text),
        async () => {
          await ours(originOfRequest(payload));
          if (!talk?.shortcut) throw unknownThing('shortcut');
          await talk.shortcut({ payload, user, team });
        },
      );
    },

    async event(event, { team, from }) {
      let isOurs = false;
      // Whom nobody spoke to is not answered; what they said to the bot itself is.
      const { user = 'unknown', channel } = event;
      const reply = async (text: string) => {
        if (event['type'] === 'app_mention') await tell({ user, channel, thread: event['thread_ts'] }, text);
      };
      await say({ user, team, what: `event ${event['type']}` }, reply, async () => {
        await ours(from);
        isOurs = true;
      });
      if (!isOurs) return;
      await Promise.all(
        talks.map((talk) =>
          talk.event?.(event, { team }).catch((error) => log.error({ talk: talk.word }, messageOf(error))),
        ),
      );
    },
  };
};

const aboutOf = (body: Record<string, any>, team: string): About => ({
  user: String(body['user']?.id ?? body['user_id'] ?? 'unknown'),
  team,
  what: whatWasAsked(body),
});

const unknownThing = (what: string): MaydayError =>
  new MaydayError('input/invalid', `Mayday has no such ${what}; it may be of an older version. Nothing was done.`);
