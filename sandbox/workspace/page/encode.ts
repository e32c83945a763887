import type { Channel, Person } from '../shapes.ts';
import { unescapeText } from './mrkdwn.ts';

interface Known {
  people: Map<string, Pick<Person, 'id' | 'name'>>;
  channels: Map<string, Pick<Channel, 'id' | 'name' | 'kind'>>;
}

const escapeText = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** What a person typed, as Slack's own client sends it: mentions by id, addresses as links, signs escaped. */
export const encodeTyped = (typed: string, { people, channels }: Known): string => {
  const byName = new Map([...people.values()].map((person) => [person.name.toLowerCase(), person.id]));
  const byChannel = new Map(
    [...channels.values()].filter(({ kind }) => kind === 'channel').map((channel) => [channel.name, channel.id]),
  );
  return escapeText(typed)
    .replaceAll(/(^|[\s(])(https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)])/g, '$1<$2>')
    .replaceAll(/(^|[\s(])@([a-z0-9][\w.-]*[a-z0-9]|[a-z0-9])/gi, (whole, before, name) => {
      if (['here', 'channel', 'everyone'].includes(name)) return `${before}<!${name}>`;
      const id = byName.get(name.toLowerCase());
      return id ? `${before}<@${id}>` : whole;
    })
    .replaceAll(/(^|[\s(])#([a-z0-9_-]+)/g, (whole, before, name) => {
      const id = byChannel.get(name);
      return id ? `${before}<#${id}|${name}>` : whole;
    });
};

/** The same backwards, to edit what was said. */
export const typedOf = (text: string, { people, channels }: Known): string =>
  unescapeText(
    text
      .replaceAll(/<@([A-Z0-9]+)(?:\|[^>]*)?>/g, (_whole, id) => `@${people.get(id)?.name ?? id}`)
      .replaceAll(/<#([A-Z0-9]+)(?:\|([^>]*))?>/g, (_whole, id, name) => `#${channels.get(id)?.name ?? name ?? id}`)
      .replaceAll(/<!([a-z]+)>/g, '@$1')
      .replaceAll(/<(https?:[^>|]+)(?:\|[^>]*)?>/g, '$1'),
  );
