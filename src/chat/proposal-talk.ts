import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import type { Clock, Log, PlanTools, Proposal } from '../define.ts';
import { MaydayError, messageOf } from '../errors.ts';
import { redact } from '../redact.ts';
import type { SlackClient } from '../systems/slack/index.ts';
import { oneFieldForm } from './cards/forms.ts';
import { type ProposalText, proposalCard } from './cards/proposal-card.ts';
import { plain, slackTime } from './cards/text.ts';
import type { CommandTalk } from './command-talk.ts';
import type { ViewAnswer } from './slack-app.ts';
import { whatWasAsked } from './slack-request.ts';
import { type Say, soon, type Talk, type Trusted } from './talk.ts';
import { typed } from './typed.ts';

export interface ProposalOptions {
  slack: SlackClient;
  pool: pg.Pool;
  clock: Clock;
  log: Log;
  planTools: PlanTools;
  /** What a system is called, and where its people talk: a channel's name or id. */
  home(plan: string): Promise<{ title: string; channel: string | undefined }>;
  /** Why there would be nothing to do; null when there would be. */
  nothingToDo(proposal: Proposal): Promise<string | null>;
  /** Puts on record what was proposed and what became of it. */
  record(event: { type: 'proposal.made' | 'proposal.answered'; actor: string; data: object }): Promise<void>;
}

export interface ProposalTalk extends Talk {
  /** Proposes a flow where the system's people talk; once, however often the same is proposed while it is open. */
  propose(proposal: Proposal): Promise<'proposed' | 'open already' | { nothingToDo: string }>;
  /** Asks again what was put off. */
  remind(): Promise<void>;
}

/** An open proposal, as it stands in the database. */
interface Open extends ProposalText {
  preview: string;
  /** World time, ISO 8601; null while it waits for an answer. */
  putOffUntil: string | null;
  putOffBy: string | null;
}

const kind = 'proposal';
/** World seconds for which "not now" holds. */
const putOffSeconds = 1800;
/** Wall milliseconds: a look at a world that is dark takes long, and the proposal must not. */
const previewMs = 15_000;

/** What the plan says to do, put before people with three answers; nothing is begun without one. */
export const createProposalTalk = (
  options: ProposalOptions & { trusted: Trusted; say: Say; commandTalk: CommandTalk },
): ProposalTalk => {
  const { slack, pool, clock, log, trusted, say, commandTalk } = options;
  const subjectOf = ({ plan, flow, scope }: Proposal) => `${kind}:${plan}/${flow}/${scope}`;

  const find = async (id: string): Promise<{ subject: string; channel: string; ts: string; open: Open }> => {
    const { rows } = await pool.query(
      `SELECT subject, channel, ts, digest FROM views WHERE kind = $1 AND digest LIKE $2`,
      [kind, `%"id":"${id.replaceAll(/[^a-z0-9-]/g, '')}"%`],
    );
    if (!rows[0])
      throw new MaydayError('run/wrong-state', 'This proposal has been answered already. Nothing was done.');
    const { digest, ...row } = rows[0];
    return { ...row, open: JSON.parse(digest) };
  };

  /** Only who removes the row answers; of two clicks at once the second comes too late. */
  const close = async (subject: string, open: Open): Promise<void> => {
    const { rowCount } = await pool.query(`DELETE FROM views WHERE subject = $1 AND kind = $2 AND digest = $3`, [
      subject,
      kind,
      JSON.stringify(open),
    ]);
    if (rowCount !== 1)
      throw new MaydayError('run/wrong-state', 'Somebody else has just answered this proposal. Nothing was done.');
  };

  const answer = async (id: string, answered: string, user: string, said: string, reason?: string): Promise<void> => {
    const { subject, channel, ts, open } = await find(id);
    await close(subject, open);
    await options.record({
      type: 'proposal.answered',
      actor: `slack:${user}`,
      data: { id, plan: open.plan, flow: open.flow, scope: open.scope, answer: answered, ...(reason && { reason }) },
    });
    await slack.updateMessage(channel, ts, proposalCard(open, open.preview, said));
  };

  return {
    word: 'proposal',

    async propose(proposal) {
      const { title, channel } = await options.home(proposal.plan);
      if (!channel)
        throw new MaydayError(
          'config/missing',
          `${proposal.plan} names no channel under announce.channels, so there is nowhere to propose it. Nothing was started.`,
        );
      const nothingToDo = await options.nothingToDo(proposal);
      if (nothingToDo !== null) return { nothingToDo };
      const id = `p-${randomBytes(5).toString('hex')}`;
      const { plan, flow, scope } = proposal;
      const because = redact(proposal.because);
      const open: Open = { id, plan, title, flow, scope, because, preview: '', putOffUntil: null, putOffBy: null };
      const subject = subjectOf(proposal);
      const { rowCount } = await pool.query(
        `INSERT INTO views (subject, kind, channel, ts, digest) VALUES ($1, $2, '', '', $3) ON CONFLICT DO NOTHING`,
        [subject, kind, JSON.stringify(open)],
      );
      if (rowCount !== 1) return 'open already';
      try {
        open.preview = await previewOf(options.planTools, proposal);
        await options.record({ type: 'proposal.made', actor: 'mayday', data: { id, plan, flow, scope, because } });
        const place = await slack.postMessage(channel, proposalCard(open, open.preview));
        await pool.query(`UPDATE views SET channel = $3, ts = $4, digest = $5 WHERE subject = $1 AND kind = $2`, [
          subject,
          kind,
          place.channel,
          place.ts,
          JSON.stringify(open),
        ]);
      } catch (error) {
        // Never seen by anybody: the next who proposes it may.
        await pool.query(`DELETE FROM views WHERE subject = $1 AND kind = $2`, [subject, kind]);
        throw error;
      }
      return 'proposed';
    },

    async action({ payload, action, user, team, reply }) {
      const id = 'value' in action ? String(action.value ?? '') : '';
      const judging = trusted(user, team);
      await soon(judging);
      if (action.action_id === 'proposal:wrong')
        return void (await slack.openView(
          payload.trigger_id,
          oneFieldForm({
            callback: 'proposal:wrong-reason',
            title: 'Wrong proposal',
            label: 'What is wrong with it?',
            hint: 'Whoever mends the plan reads it.',
            submit: 'Say it',
            value: id,
            multiline: true,
          }),
        ));
      const { name } = await judging;
      const { subject, channel, ts, open } = await find(id);
      if (action.action_id === 'proposal:start') {
        let started: string | undefined;
        await commandTalk.say(lineOf(open), {
          caller: { team, user, name, channel },
          key: `proposal:${id}`,
          async reply(text) {
            started = /`(r-[a-z0-9]+)`/.exec(text)?.[1];
            await reply(text);
          },
        });
        if (started) await answer(id, 'start', user, `▶️ Started by <@${user}>: run \`${started}\``);
        return;
      }
      if (action.action_id !== 'proposal:later')
        throw new MaydayError('input/invalid', 'Mayday has no such button. Nothing was done.');
      const until = new Date(clock.now().getTime() + putOffSeconds * 1000).toISOString();
      const later = { ...open, putOffUntil: until, putOffBy: user };
      const { rowCount } = await pool.query(
        `UPDATE views SET digest = $4 WHERE subject = $1 AND kind = $2 AND digest = $3`,
        [subject, kind, JSON.stringify(open), JSON.stringify(later)],
      );
      if (rowCount !== 1) return;
      await options.record({
        type: 'proposal.answered',
        actor: `slack:${user}`,
        data: { id, plan: open.plan, flow: open.flow, scope: open.scope, answer: 'later', until },
      });
      await slack.updateMessage(
        channel,
        ts,
        proposalCard(open, open.preview, `💤 Not now, says <@${user}>; asked again ${slackTime(until)}.`),
      );
    },

    async submitted({ payload, user, team }) {
      const { view } = payload;
      let back: ViewAnswer | undefined;
      await say(
        { user, team, what: whatWasAsked(payload) },
        async (text) => {
          back = { response_action: 'errors', errors: { field: text.slice(0, 300) } };
        },
        async () => {
          await trusted(user, team);
          const reason = typed(view.state?.values?.['field']?.['value']?.value);
          const said = `🚫 Wrong, says <@${user}>: ${plain(reason)}`;
          await answer(view.private_metadata, 'wrong', user, said, reason);
        },
      );
      return back;
    },

    async remind() {
      const { rows } = await pool.query(
        `SELECT subject, channel, ts, digest FROM views WHERE kind = $1 AND digest::json->>'putOffUntil' <= $2`,
        [kind, clock.now().toISOString()],
      );
      for (const { subject, channel, ts, digest } of rows) {
        const open: Open = JSON.parse(digest);
        const again = { ...open, putOffUntil: null, putOffBy: null };
        const { rowCount } = await pool.query(
          `UPDATE views SET digest = $4 WHERE subject = $1 AND kind = $2 AND digest = $3`,
          [subject, kind, digest, JSON.stringify(again)],
        );
        // Whoever moves it on asks.
        if (rowCount !== 1) continue;
        try {
          await slack.updateMessage(channel, ts, proposalCard(again, again.preview));
          await slack.postMessage(channel, {
            text: `<@${open.putOffBy}> It is time to decide on this again.`,
            thread_ts: ts,
          });
        } catch (error) {
          log.warn({ proposal: open.id }, messageOf(error));
          await pool.query(`UPDATE views SET digest = $4 WHERE subject = $1 AND kind = $2 AND digest = $3`, [
            subject,
            kind,
            JSON.stringify(again),
            digest,
          ]);
        }
      }
    },
  };
};

/** What a person would type to begin it. */
const lineOf = ({ plan, flow, scope, because }: ProposalText): string => {
  const reason = because.replaceAll(/\s+/g, ' ').slice(0, 400);
  if (flow === 'recover') return `/dr recover ${plan} ${scope} ${reason}`;
  if (flow === 'failback') return `/failback ${plan} ${scope} ${reason}`;
  return `/failover ${plan} ${scope} ${reason}${flow === 'switchover' ? ' --planned' : ''}`;
};

const previewOf = async (tools: PlanTools, { plan, flow, scope }: Proposal): Promise<string> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('What it would change could not be read in time.'), previewMs);
  });
  const read = tools
    .run('preview', plan, [flow, scope])
    .catch((error) => `It could not be previewed: ${messageOf(error)}`);
  return Promise.race([read, late]).finally(() => clearTimeout(timer));
};
