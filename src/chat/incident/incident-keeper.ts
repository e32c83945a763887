import type pg from 'pg';
import { sha256 } from '../../canonical.ts';
import type { Clock, Log } from '../../define.ts';
import type { IncidentStore } from '../../engine/incident-store.ts';
import type { EnginePorts } from '../../engine/ports.ts';
import { MaydayError, messageOf } from '../../errors.ts';
import { nextMoment, reminderDue, tasksDue } from '../../incident/due.ts';
import { type Incident, type Role, roles } from '../../incident/incident.ts';
import { slackCode } from '../../systems/slack/errors.ts';
import { type SlackClient, stepMetadata } from '../../systems/slack/index.ts';
import { plain, shorten } from '../cards/text.ts';
import { digestOf, headlineOf, type RunLine, topicOf } from './headline.ts';
import { reminderMessage, type Said, taskMessage } from './messages.ts';

export interface IncidentKeeper {
  /** Brings up to date what has changed, and says what is due. Called again and again; never throws for one incident. */
  turn(): Promise<void>;
  /** Something was written down just now: no need to wait for the turn. */
  changed(id: string): void;
  stop(): void;
}

/** Between two renewals of the hold that a process has on an incident: well within its term. */
const renewMs = 1_000;
const retrySeconds = 2;
/** How long a new incident's channel is waited for before it is listed without one; wall milliseconds. */
const channelPatienceMs = 20_000;
/** After the digest's channel could not be looked for. */
const digestPauseMs = 10_000;
/** Incidents at once: each is a handful of calls, and most of the time is waiting for Slack. */
const mostAtOnce = 5;
/** Runs that only tell are no work on the incident. */
const tellingFlows = ['declare', 'update', 'resolve'];

/** Another process goes on with it, or this one is being stopped. */
class LostHold extends Error {}

interface Place {
  channel: string;
  /** Empty while the first message is being posted. */
  ts: string;
  digest: string;
}

/**
 * Keeps an incident's headline, topic, bookmarks and line in the digest equal to its state, and says what is due, each
 * thing once. One process at a time is at an incident; when it dies, another finds what was posted by its mark in the
 * channel, and goes on. What Slack refuses for now is tried again from the state as it is then.
 */
export const createIncidentKeeper = (options: {
  slack: SlackClient;
  pool: pg.Pool;
  clock: Clock;
  log: Log;
  store: IncidentStore;
  /** One process at a time; free at once when it dies. */
  leases: EnginePorts['leases'];
  /** Titles and addresses that the plan knows. */
  linksOf(plan: string): Record<string, string>;
  /** `incidents`, without the sharp; none: there is no digest. */
  digestChannel: string | undefined;
  /** What somebody is told who has just got a role; Slack's own formatting. */
  instructions(id: string, incident: Incident, role: Role): string;
}): IncidentKeeper => {
  const { slack, pool, clock, log, store, leases } = options;
  const busy = new Set<string>();
  const again = new Set<string>();
  let stopped = false;
  let digestPlace: Promise<string | undefined> | undefined;

  const work = async (id: string): Promise<void> => {
    if (stopped) return;
    if (busy.has(id)) return void again.add(id);
    busy.add(id);
    try {
      do {
        again.delete(id);
        await whileHeld(id, (stillMine) => bringUpToDate(id, stillMine));
      } while (again.has(id) && !stopped);
    } catch (error) {
      if (!(error instanceof LostHold)) log.error({ incident: id }, messageOf(error));
    } finally {
      busy.delete(id);
    }
  };

  /** Not while another process is at it; that one sees what is new here as well. */
  const whileHeld = async (id: string, draw: (stillMine: () => Promise<void>) => Promise<void>): Promise<void> => {
    const lease = await leases.take(`incident:${id}`, 'tell');
    if (!lease) return;
    let isMine = true;
    const renew = async () => {
      isMine &&= await leases.renew(lease);
    };
    const renewing = setInterval(() => void renew().catch(() => {}), renewMs);
    try {
      await draw(async () => {
        // What is left undone is not said to be done: whoever comes next does it.
        if (stopped) throw new LostHold();
        await renew();
        if (!isMine) throw new LostHold();
      });
    } finally {
      clearInterval(renewing);
      await leases.release(lease).catch(() => {});
    }
  };

  const bringUpToDate = async (id: string, stillMine: () => Promise<void>): Promise<void> => {
    const { incident, rows } = await store.read(id);
    const runs = await runsOf(id);
    let againSeconds: number | undefined;
    /** One thing that Slack will not have must not keep the others from being said. */
    const part = async (what: string, draw: () => Promise<unknown>) => {
      await stillMine();
      try {
        await draw();
      } catch (error) {
        if (error instanceof LostHold) throw error;
        log.warn({ incident: id, what }, `not said to Slack: ${messageOf(error)}`);
        const { code, retryAfterSeconds = 0 } = error as MaydayError;
        // Refused once is refused again, until something changes.
        if (code !== 'system/refused') againSeconds = Math.max(againSeconds ?? retrySeconds, retryAfterSeconds);
      }
    };
    const { channel } = incident.facts;
    const into = incident.mergedInto ? await placeOfIncident(incident.mergedInto) : undefined;
    const links = into ? { into } : {};
    if (channel) {
      const headline = headlineOf(id, incident, runs, links);
      await part('headline', async () => {
        await keepMessage(id, 'headline', channel, headline);
        const { ts } = (await placeOf(id, 'headline'))!;
        if ((await placeOf(id, 'headline-pin'))?.ts === ts) return;
        await slack.pin(channel, ts);
        await remember(id, 'headline-pin', { channel, ts, digest: '' });
      });
      await part('topic', () => keepTopic(id, channel, topicOf(incident, into)));
    }
    // Its channel is being opened: one line with it is better than one without it and an edit.
    const ageMs = (clock.now().getTime() - Date.parse(incident.declared_at)) / clock.speed;
    const isComing = !channel && incident.status === 'open' && ageMs < channelPatienceMs;
    if (isComing) againSeconds = retrySeconds;
    await part('digest', async () => {
      const digest = isComing ? undefined : await digestChannelId();
      if (digest) await keepMessage(id, 'digest', digest, digestOf(id, incident, links));
    });
    if (channel) {
      for (const [title, link] of Object.entries(await linksFor(incident, runs)))
        await part('bookmark', () => keepBookmark(id, channel, title, link));
      for (const role of roles) await part(role, () => tellHolder(id, incident, role, channel));
      await part('merge', () => sayMoves(id, incident, channel, into));
      await part('reminder', () => remind(id, incident, channel));
    }
    for (const task of tasksDue(incident, clock.now()))
      await part('task', async () => {
        const key = `task/${task.id}/${task.due}`;
        const said = taskMessage(id, incident, task);
        await sayOnce(id, key, said, () => slack.directChannel(task.owner)).catch(async (error) => {
          ignoreRefused(error);
          // Who has left cannot be written to; the task is still to be done by somebody.
          if (channel) await sayOnce(id, `${key}/channel`, said, async () => channel).catch(ignoreRefused);
        });
        await store.commit(id, 'mayday', ({ tasks }) =>
          tasks.some(({ id: other, remindedOf, due }) => other === task.id && remindedOf !== due)
            ? [{ type: 'incident.task-reminded', data: { task: task.id, due: task.due } }]
            : [],
        );
      });
    const after = (await store.read(id)).incident;
    await stillMine();
    await pool.query(
      `INSERT INTO incident_watch (incident, seq, runs, due_at, again_at)
       VALUES ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5::float8))
       ON CONFLICT (incident) DO UPDATE
         SET seq = excluded.seq, runs = excluded.runs, due_at = excluded.due_at, again_at = excluded.again_at`,
      [
        id,
        againSeconds === undefined ? rows.at(-1)!.seq : 0,
        runs.map((run) => `${run.id}:${run.status}`).join(','),
        nextMoment(after),
        againSeconds ?? null,
      ],
    );
  };

  const runsOf = async (id: string): Promise<RunLine[]> => {
    const { rows } = await pool.query(
      `SELECT id, flow, scope, status FROM runs WHERE incident = $1 AND flow <> ALL($2) ORDER BY created_at, id`,
      [id, tellingFlows],
    );
    return rows;
  };

  const placeOfIncident = async (id: string): Promise<string> => {
    const { rows } = await pool.query(`SELECT facts->>'channel' AS channel FROM incidents WHERE id = $1`, [id]);
    return rows[0]?.channel ? `<#${rows[0].channel}>` : `\`${id}\``;
  };

  const placeOf = async (subject: string, kind: string): Promise<Place | undefined> =>
    (await pool.query(`SELECT channel, ts, digest FROM views WHERE subject = $1 AND kind = $2`, [subject, kind]))
      .rows[0];

  const remember = async (subject: string, kind: string, { channel, ts, digest }: Place): Promise<void> => {
    await pool.query(
      `INSERT INTO views (subject, kind, channel, ts, digest) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (subject, kind) DO UPDATE SET channel = excluded.channel, ts = excluded.ts, digest = excluded.digest`,
      [subject, kind, channel, ts, digest],
    );
  };

  /** One message that is edited; it is posted once, and again only when somebody has deleted it. */
  const keepMessage = async (id: string, kind: string, channel: string, said: Required<Said>): Promise<void> => {
    const digest = sha256(JSON.stringify(said));
    const place = await placeOf(id, kind);
    if (place?.digest === digest) return;
    if (place?.ts) {
      try {
        await slack.updateMessage(place.channel, place.ts, said);
        await remember(id, kind, { ...place, digest });
        return;
      } catch (error) {
        // Somebody has deleted it, so there is none: it is posted once more.
        if (slackCode(error) !== 'message_not_found') throw error;
        await pool.query('DELETE FROM views WHERE subject = $1 AND kind = $2', [id, kind]);
      }
    }
    const posted = await postMarked(id, kind, `${id}/${kind}`, said, channel, place !== undefined && !place.ts);
    await remember(id, kind, { ...posted, digest });
  };

  /** Posts with a mark by which whoever comes after a crash finds it. */
  const postMarked = async (
    id: string,
    kind: string,
    key: string,
    said: Said,
    channel: string,
    mayBeThere: boolean,
  ): Promise<{ channel: string; ts: string }> => {
    const found = mayBeThere ? await slack.findOwnMessage(channel, key) : undefined;
    if (found) return found;
    await remember(id, kind, { channel, ts: '', digest: '' });
    return await slack.postMessage(channel, { ...said, metadata: stepMetadata(key) });
  };

  /** Says something once, whoever has died in between. */
  const sayOnce = async (id: string, key: string, said: Said, where: () => Promise<string>): Promise<void> => {
    const kind = `said:${key}`;
    const place = await placeOf(id, kind);
    if (place?.ts) return;
    const posted = await postMarked(id, kind, `${id}/${key}`, said, await where(), place !== undefined);
    await remember(id, kind, { ...posted, digest: '' });
  };

  const keepTopic = async (id: string, channel: string, topic: string): Promise<void> => {
    if ((await placeOf(id, 'topic'))?.digest === topic) return;
    await slack.setTopic(channel, topic);
    await remember(id, 'topic', { channel, ts: '', digest: topic });
  };

  const keepBookmark = async (id: string, channel: string, title: string, link: string): Promise<void> => {
    const kind = `bookmark:${title}`;
    const known = await placeOf(id, kind);
    if (known?.digest === link) return;
    if (known?.ts) await slack.editBookmark(channel, known.ts, link);
    const made = known?.ts ? { id: known.ts } : await slack.addBookmark(channel, title, link);
    await remember(id, kind, { channel, ts: made.id, digest: link });
  };

  /** What there is a link of: the plan's own, and the card of the newest run. */
  const linksFor = async (incident: Incident, runs: readonly RunLine[]): Promise<Record<string, string>> => {
    const links = incident.plan === null ? {} : options.linksOf(incident.plan);
    const run = runs.at(-1);
    const card = run && (await placeOf(run.id, 'card'));
    if (!card) return links;
    const link = await permalinkOf(card);
    return link === undefined ? links : { ...links, Run: link };
  };

  const permalinks = new Map<string, string>();
  const permalinkOf = async ({ channel, ts }: Place): Promise<string | undefined> => {
    const key = `${channel} ${ts}`;
    const link = permalinks.get(key) ?? (await slack.permalink(channel, ts).catch(() => undefined));
    if (link) permalinks.set(key, link);
    return link;
  };

  const tellHolder = async (id: string, incident: Incident, role: Role, channel: string): Promise<void> => {
    const holder = incident.roles[role];
    if (!holder || incident.status !== 'open') return;
    const key = `role/${role}/${holder.person}/${holder.since}`;
    if ((await placeOf(id, `said:${key}`))?.ts) return;
    // Who took it was in the channel; who was given it may not be.
    if (holder.by !== holder.person) await slack.invite(channel, holder.person).catch(ignoreRefused);
    const given = holder.by === holder.person ? '' : `, asked by ${plain(shorten(holder.byName ?? 'somebody', 60))}`;
    await sayOnce(
      id,
      `${key}/told`,
      { text: `👤 ${plain(shorten(holder.name, 60))} is *${role}* now${given}.` },
      async () => channel,
    );
    await sayOnce(id, key, { text: options.instructions(id, incident, role) }, () =>
      slack.directChannel(holder.person),
    );
  };

  const sayMoves = async (id: string, incident: Incident, channel: string, into: string | undefined): Promise<void> => {
    const say = (key: string, text: string) => sayOnce(id, key, { text }, async () => channel);
    if (into)
      await say(
        `merged/${incident.mergedInto}`,
        `↪️ Merged into ${into}. Go on there; what was pinned here is on its timeline.`,
      );
    for (const { incident: other, title } of incident.absorbed)
      await say(
        `absorbed/${other}`,
        `↪️ ${await placeOfIncident(other)} was merged into this incident: ${plain(shorten(title, 200))}`,
      );
    if (incident.reopened && incident.status === 'open')
      await say(
        `reopened/${incident.reopened.at}`,
        `🔁 Reopened by ${plain(shorten(incident.reopened.byName ?? 'somebody', 60))}: ${plain(shorten(incident.reopened.reason, 500))}`,
      );
  };

  const remind = async (id: string, incident: Incident, channel: string): Promise<void> => {
    const reminder = reminderDue(incident, clock.now());
    if (!reminder) return;
    const said = reminderMessage(id, incident, reminder);
    // Where it cannot be said it is over as well: nothing is gained by trying until the end of days.
    await sayOnce(id, `reminder/${reminder.due}/${reminder.number}`, said, async () => channel).catch(ignoreRefused);
    await store.commit(id, 'mayday', (now) =>
      now.due?.at === reminder.due && now.due.reminders < reminder.number
        ? [{ type: 'incident.reminded', data: { due: reminder.due, number: reminder.number } }]
        : [],
    );
  };

  /** Where all incidents are listed: looked for once, made when it is not there, and done without when it cannot be. */
  const digestChannelId = (): Promise<string | undefined> => {
    const name = options.digestChannel;
    if (name === undefined) return Promise.resolve(undefined);
    digestPlace ??= (async () => {
      const found = await slack.findChannel(name);
      if (found) return found.id;
      try {
        return (await slack.createChannel(name)).id;
      } catch (error) {
        if (slackCode(error) === undefined) throw error;
        // Made by another process at this moment, or it cannot be made.
        const now = await slack.findChannel(name);
        if (!now)
          log.warn(
            { channel: name },
            `the digest of incidents is not written: ${messageOf(error)} Open #${name} and invite Mayday.`,
          );
        return now?.id;
      }
    })();
    // A failure is kept for a while: every incident would ask, and looking through all channels is dear.
    digestPlace.catch(() => {
      setTimeout(() => {
        digestPlace = undefined;
      }, digestPauseMs).unref();
    });
    return digestPlace;
  };

  return {
    async turn() {
      if (stopped) return;
      const { rows } = await pool.query({
        name: 'incidents-due',
        text: `SELECT i.id FROM incidents i
               JOIN stream_heads h ON h.stream = 'incident:' || i.id
               LEFT JOIN incident_watch w ON w.incident = i.id
               WHERE (w.incident IS NULL OR w.seq <> h.seq OR w.due_at <= $1
                      OR (i.status = 'open' AND w.runs <> coalesce(
                        (SELECT string_agg(r.id || ':' || r.status, ',' ORDER BY r.created_at, r.id) FROM runs r
                         WHERE r.incident = i.id AND r.flow <> ALL($2)), '')))
                 AND (w.again_at IS NULL OR w.again_at <= clock_timestamp())
               ORDER BY i.declared_at DESC LIMIT 100`,
        values: [clock.now(), tellingFlows],
      });
      const waiting = rows.map(({ id }: { id: string }) => id).filter((id) => !busy.has(id));
      await Promise.all(
        Array.from({ length: mostAtOnce }, async () => {
          for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) await work(id);
        }),
      );
    },
    changed(id) {
      void work(id);
    },
    stop() {
      stopped = true;
    },
  };
};

const ignoreRefused = (error: unknown): void => {
  if (!(error instanceof MaydayError && error.code === 'system/refused')) throw error;
};
