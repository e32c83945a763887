import type { Clock, IncidentDirectory, IncidentOrder } from '../../define.ts';
import type { IncidentStore } from '../../engine/incident-store.ts';
import { MaydayError } from '../../errors.ts';
import { nextTaskId } from '../../incident/due.ts';
import { type Incident, isRole, roles } from '../../incident/incident.ts';
import { sayDuration } from '../../plan/duration.ts';
import type { SlackClient } from '../../systems/slack/index.ts';
import { plain, slackMoment, unescaped } from '../cards/text.ts';
import { typed } from '../typed.ts';

export interface IncidentOrders {
  /** Carries out what a person asks of an incident; returns what to say. Throws one sentence for them. */
  give(id: string, order: IncidentOrder, by: { person: string; name: string }): Promise<string>;
}

/** The mark on a message that is on the timeline. */
export const pinnedMark = 'white_check_mark';

/** The one way in which people's orders reach an incident, from a command as from a button. */
export const createIncidentOrders = (options: {
  slack: SlackClient;
  store: IncidentStore;
  incidents: IncidentDirectory;
  clock: Clock;
}): IncidentOrders => {
  const { slack, store, incidents } = options;

  const personNamed = async (person: string): Promise<string> => {
    const info = await slack.userInfo(person).catch((error) => {
      throw new MaydayError('input/invalid', `Slack knows no such person. Nothing was changed.`, { cause: error });
    });
    if (info.isBot || info.isDeactivated || info.isGuest || info.isStranger)
      throw new MaydayError(
        'authority/refused',
        `${info.name} cannot have it. Rule: only full members of this workspace may. Nothing was changed.`,
      );
    return info.name;
  };

  const at = (now: Date, seconds: number): string => new Date(now.getTime() + seconds * 1000).toISOString();

  return {
    async give(id, order, by) {
      const actor = `slack:${by.person}`;
      const who: Who = { by: by.person, byName: by.name };
      switch (order.deed) {
        case 'role': {
          const { role } = order;
          if (!isRole(role))
            throw new MaydayError(
              'input/invalid',
              `There is no role "${role}"; there are ${roles.join(', ')}. Nothing was changed.`,
            );
          const person = order.person ?? by.person;
          const name = person === by.person ? by.name : await personNamed(person);
          let before: string | undefined;
          await store.commit(id, actor, (incident) => {
            const holder = incident.roles[role];
            before = holder?.person;
            if (holder?.person === person) return [];
            mustBeOpen(incident);
            // Two who press at once: the first has it, and the second hears who.
            if (holder && order.ifFree)
              throw new MaydayError(
                'incident/wrong-state',
                `${holder.name} is ${role} already, since ${holder.since.slice(11, 19)} UTC. Nothing was changed. To take it over: \`/incident role ${role}\`.`,
              );
            return [{ type: 'incident.role-given', data: { role, person, name, ...who } }];
          });
          if (before === person) return `${person === by.person ? 'You are' : `${plain(name)} is`} ${role} already.`;
          const from = before ? `, after <@${before}>` : '';
          return person === by.person
            ? `You are ${role} now${from}. What that means was sent to you.`
            : `${plain(name)} is ${role} now${from}, and was told what that means.`;
        }
        case 'due':
        case 'snooze': {
          const seconds = order.deed === 'due' ? order.inSeconds : order.seconds;
          const why = order.deed === 'due' ? 'said' : 'snoozed';
          const after = await store.commit(id, actor, (incident, now) => {
            mustBeOpen(incident);
            const wanted = at(now, seconds);
            // Putting off never brings nearer.
            const later = order.deed === 'snooze' && incident.due !== null && incident.due.at > wanted;
            return [{ type: 'incident.update-due', data: { at: later ? incident.due!.at : wanted, why, ...who } }];
          });
          return `The next update is due ${slackMoment(after.due!.at)}; you will be reminded then, not before.`;
        }
        case 'dismiss':
          await store.commit(id, actor, (incident) => {
            mustBeOpen(incident);
            return incident.due === null
              ? []
              : [{ type: 'incident.update-due', data: { at: null, why: 'dismissed', ...who } }];
          });
          return 'No more reminders until the next update is said.';
        case 'task': {
          const owner = order.owner ?? by.person;
          const name = owner === by.person ? by.name : await personNamed(owner);
          let task = '';
          await store.commit(id, actor, (incident, now) => {
            mustNotBeMerged(incident);
            task = nextTaskId(incident.tasks);
            const due = at(now, order.dueSeconds);
            return [
              { type: 'incident.task-added', data: { task, text: order.text, owner, ownerName: name, due, ...who } },
            ];
          });
          return `Task ${task} for ${plain(name)}, due in ${sayDuration(order.dueSeconds)}. ${owner === by.person ? 'You are' : 'They are'} reminded then.`;
        }
        case 'task-done': {
          const after = await store.commit(id, actor, (incident) => {
            const task = incident.tasks.find((each) => each.id === order.task);
            if (!task)
              throw new MaydayError(
                'input/invalid',
                `There is no task "${order.task}" in \`${id}\`; there is ${incident.tasks.map((each) => each.id).join(', ') || 'none'}. Nothing was changed.`,
              );
            return task.done ? [] : [{ type: 'incident.task-done', data: { task: task.id, ...who } }];
          });
          const left = after.tasks.filter(({ done }) => done === null).length;
          return `☑ ${order.task} is done. ${left === 0 ? 'Nothing is left to do.' : `${left} left.`}`;
        }
        case 'reopen':
          await store.commit(id, actor, (incident) => {
            if (incident.status === 'open')
              throw new MaydayError('incident/wrong-state', `\`${id}\` is open. Nothing was changed.`);
            mustNotBeMerged(incident);
            return [{ type: 'incident.reopened', data: { reason: order.reason, ...who } }];
          });
          return `\`${id}\` is open again. Its page and the status page stay as they are: call whom you need.`;
        case 'merge':
          return await merge(id, order.into, who);
        case 'pin':
          return await pinMessage(id, order, who);
      }
    },
  };

  async function merge(id: string, into: string, who: Who): Promise<string> {
    const target = await incidents.find(into);
    if (!target)
      throw new MaydayError(
        'incident/not-found',
        `There is no incident "${into}", and no incident has that channel. Nothing was changed. \`/incident status\` lists those that are open.`,
      );
    if (target.id === id)
      throw new MaydayError('input/invalid', 'An incident cannot be merged into itself. Nothing was changed.');
    await store.commitBoth([id, target.id], `slack:${who.by}`, ([source, goal]) => {
      if (source.mergedInto === target.id) return [[], []];
      mustBeOpen(source);
      mustBeOpen(goal);
      return [
        [{ type: 'incident.merged', data: { into: target.id, ...who } }],
        [{ type: 'incident.absorbed', data: { from: id, title: source.title, ...who } }],
      ];
    });
    const place = target.channel ? `<#${target.channel}>` : `\`${target.id}\``;
    return `Merged into ${place}. What \`${id}\` paged or said on the status page stays as it is: resolve it there by hand.`;
  }

  async function pinMessage(id: string, { channel, ts }: { channel: string; ts: string }, who: Who): Promise<string> {
    const [message, link] = await Promise.all([
      slack.message(channel, ts).catch(() => undefined),
      slack.permalink(channel, ts).catch(() => null),
    ]);
    // A channel in which Mayday is not: the link is what can be kept.
    const { user: author = who.by, text = '(the message stands where Mayday cannot read)' } = message ?? {};
    const authorName =
      author === who.by
        ? who.byName
        : await slack.userInfo(author).then(
            ({ name }) => name,
            () => undefined,
          );
    await incidents.notePinned(channel, ts, id);
    let isMarked = false;
    await store.commit(id, `slack:${who.by}`, (incident) => {
      const known = incident.pinned.find((each) => each.channel === channel && each.ts === ts);
      const isMine = known?.by.includes(who.by) ?? false;
      // Somebody else's has its mark. One's own may have lost it: the process can have died in between.
      isMarked = known !== undefined && !isMine;
      return isMine
        ? []
        : [
            {
              type: 'incident.message-pinned',
              data: {
                channel,
                ts,
                author,
                ...(authorName && { authorName }),
                text: typed(unescaped(text)),
                link,
                ...who,
              },
            },
          ];
    });
    if (!isMarked) await slack.react(channel, ts, pinnedMark).catch(() => undefined);
    return 'The message is on the timeline.';
  }
};

interface Who {
  by: string;
  byName: string;
}

const mustBeOpen = (incident: Incident): void => {
  mustNotBeMerged(incident);
  if (incident.status !== 'open')
    throw new MaydayError(
      'incident/wrong-state',
      'This incident is resolved. Nothing was changed. If it is not over: `/incident reopen <why>`.',
    );
};

const mustNotBeMerged = (incident: Incident): void => {
  if (incident.status === 'merged')
    throw new MaydayError(
      'incident/wrong-state',
      `This incident was merged into \`${incident.mergedInto}\`; go on there. Nothing was changed.`,
    );
};
