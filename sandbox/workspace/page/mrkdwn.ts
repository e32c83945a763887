/** Slack's markup, read into pieces; nothing here knows how they are drawn. */
export type Piece =
  | { kind: 'text'; text: string }
  | { kind: 'bold' | 'italic' | 'strike'; pieces: Piece[] }
  | { kind: 'code'; text: string }
  | { kind: 'emoji'; name: string }
  | { kind: 'link'; url: string; pieces: Piece[] }
  | { kind: 'user' | 'channel' | 'group'; id: string; label: string | undefined }
  | { kind: 'broadcast'; range: string }
  | { kind: 'date'; timestamp: number; pattern: string; url: string | undefined; fallback: string }
  | { kind: 'break' };

export type Paragraph =
  | { kind: 'lines'; pieces: Piece[] }
  | { kind: 'quote'; paragraphs: Paragraph[] }
  | { kind: 'list'; items: { marker: string; depth: number; pieces: Piece[] }[] }
  | { kind: 'preformatted'; text: string };

export const readMrkdwn = (source: string): Paragraph[] =>
  source.split('```').flatMap((part, index, all): Paragraph[] => {
    // A fence that is never closed is text.
    if (index % 2 === 1 && index < all.length - 1)
      return [{ kind: 'preformatted', text: unescapeText(withoutMarkup(part.replace(/^\n|\n$/g, ''))) }];
    const text = index % 2 === 1 ? `\`\`\`${part}` : part;
    const trimmed = text.replace(index > 0 ? /^\n/ : /(?!)/, '').replace(index < all.length - 1 ? /\n$/ : /(?!)/, '');
    return trimmed === '' ? [] : readLines(trimmed.split('\n'));
  });

const quoteMark = /^(?:&gt;|>) ?/;
const listMark = /^(\s*)([•◦▪‣]|[-*](?= )|\d{1,3}[.)](?= ))\s+/;

const readLines = (lines: string[]): Paragraph[] => {
  const paragraphs: Paragraph[] = [];
  for (let at = 0; at < lines.length; ) {
    const same = (test: RegExp) => {
      const from = at;
      while (at < lines.length && test.test(lines[at]!)) at += 1;
      return lines.slice(from, at);
    };
    if (quoteMark.test(lines[at]!)) {
      const quoted = same(quoteMark).map((line) => line.replace(quoteMark, ''));
      paragraphs.push({ kind: 'quote', paragraphs: readLines(quoted) });
    } else if (listMark.test(lines[at]!)) {
      const items = same(listMark).map((line) => {
        const [mark, indent, marker] = listMark.exec(line)!;
        return { marker: marker!, depth: Math.floor(indent!.length / 2), pieces: readInline(line.slice(mark.length)) };
      });
      paragraphs.push({ kind: 'list', items });
    } else {
      const from = at;
      while (at < lines.length && !quoteMark.test(lines[at]!) && !listMark.test(lines[at]!)) at += 1;
      paragraphs.push({ kind: 'lines', pieces: joined(lines.slice(from, at).map((line) => readInline(line))) });
    }
  }
  return paragraphs;
};

const joined = (lines: Piece[][]): Piece[] =>
  lines.flatMap((pieces, index) => (index === 0 ? pieces : [{ kind: 'break' } as Piece, ...pieces]));

const styles = { '*': 'bold', _: 'italic', '~': 'strike' } as const;
const angle = /<([^<>\n]+)>/y;
const code = /`([^`\n]+)`/y;
const shortName = /:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/y;
const styled = /([*_~])(?!\s|\1)(.*?[^\s])\1(?![\p{L}\p{N}])/uy;

/** One line. Marks inside words, as in `snake_case_names`, are no marks. */
export const readInline = (line: string): Piece[] => {
  const pieces: Piece[] = [];
  let text = '';
  const flush = () => {
    if (text !== '') pieces.push({ kind: 'text', text: unescapeText(text) });
    text = '';
  };
  const at = (pattern: RegExp, index: number) => {
    pattern.lastIndex = index;
    return pattern.exec(line);
  };
  for (let index = 0; index < line.length; ) {
    const sign = line[index]!;
    const found =
      sign === '<' ? at(angle, index) : sign === '`' ? at(code, index) : sign === ':' ? at(shortName, index) : null;
    if (found) {
      flush();
      const inside = found[1]!;
      if (sign === '<') pieces.push(readAngle(inside));
      else if (sign === '`') pieces.push({ kind: 'code', text: unescapeText(withoutMarkup(inside)) });
      else pieces.push({ kind: 'emoji', name: inside });
      index += found[0].length;
      continue;
    }
    const isMark = sign === '*' || sign === '_' || sign === '~';
    const isInWord = index > 0 && /[\p{L}\p{N}]/u.test(line[index - 1]!);
    const style = isMark && !isInWord ? at(styled, index) : null;
    if (style) {
      flush();
      pieces.push({ kind: styles[sign as keyof typeof styles], pieces: readInline(style[2]!) });
      index += style[0].length;
    } else {
      text += sign;
      index += 1;
    }
  }
  flush();
  return pieces;
};

/** What stands between angle brackets: a mention, a moment or a link. */
const readAngle = (inside: string): Piece => {
  const bar = inside.indexOf('|');
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? undefined : unescapeText(inside.slice(bar + 1));
  if (target.startsWith('@')) return { kind: 'user', id: target.slice(1), label };
  if (target.startsWith('#')) return { kind: 'channel', id: target.slice(1), label };
  if (target.startsWith('!subteam^')) return { kind: 'group', id: target.slice('!subteam^'.length), label };
  if (target.startsWith('!date^')) {
    const [, timestamp, pattern, url] = target.split('^');
    return { kind: 'date', timestamp: Number(timestamp), pattern: pattern ?? '', url, fallback: label ?? '' };
  }
  if (target.startsWith('!')) return { kind: 'broadcast', range: target.slice(1) };
  const pieces: Piece[] = label === undefined ? [{ kind: 'text', text: unescapeText(target) }] : readInline(label);
  return { kind: 'link', url: unescapeText(target), pieces };
};

/** Inside code only links are still read, and shown as their words. */
const withoutMarkup = (text: string): string =>
  text.replaceAll(/<((?:https?|mailto):[^<>|\n]+)(?:\|([^<>\n]+))?>/g, (_whole, url, label) => label ?? url);

export const unescapeText = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
