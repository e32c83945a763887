/** Just enough XML to speak AWS's older protocols: names and text, no attributes that matter. */
export type Xml = string | number | boolean | Date | undefined | XmlNode | Xml[];
export interface XmlNode {
  [name: string]: Xml;
}

const escapeText = (text: string) => text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);

/** An array repeats its name; undefined writes nothing. */
export const writeXml = (name: string, value: Xml, attributes = ''): string => {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((item) => writeXml(name, item)).join('');
  const inner =
    value instanceof Date
      ? value.toISOString()
      : typeof value === 'object'
        ? Object.entries(value)
            .map(([key, item]) => writeXml(key, item))
            .join('')
        : escapeText(String(value));
  return `<${name}${attributes}>${inner}</${name}>`;
};

export interface XmlElement {
  name: string;
  text: string;
  children: XmlElement[];
  child(name: string): XmlElement | undefined;
  all(name: string): XmlElement[];
  value(name: string): string | undefined;
}

const element = (name: string): XmlElement => ({
  name,
  text: '',
  children: [],
  child(wanted) {
    return this.children.find((child) => child.name === wanted);
  },
  all(wanted) {
    return this.children.filter((child) => child.name === wanted);
  },
  value(wanted) {
    return this.child(wanted)?.text;
  },
});

/** Reads a document that an SDK wrote. Throws when tags do not match. */
export const readXml = (text: string): XmlElement => {
  const root = element('');
  const open = [root];
  for (const [, close, name, selfClosing, words] of text.matchAll(
    /<(\/?)([A-Za-z][\w:.-]*)(?:\s[^<>]*?)?(\/?)>|([^<]+)|<\?[^>]*\?>/g,
  )) {
    const current = open.at(-1)!;
    if (words !== undefined) current.text += unescapeText(words);
    else if (name !== undefined && close) {
      if (current.name !== name) throw new Error(`</${name}> closes <${current.name}>`);
      open.pop();
    } else if (name !== undefined) {
      const child = element(name);
      current.children.push(child);
      if (!selfClosing) open.push(child);
    }
  }
  if (open.length !== 1 || root.children.length !== 1) throw new Error('not one whole document');
  return root.children[0]!;
};

const named: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const unescapeText = (text: string) =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) =>
    hex
      ? String.fromCodePoint(Number.parseInt(hex, 16))
      : decimal
        ? String.fromCodePoint(Number(decimal))
        : (named[name] ?? whole),
  );
