/** Slack's own limits; what exceeds them is refused as a whole, so a card that is too long would never arrive. */
const limits = {
  blocks: 50,
  characters: 13_000,
  section: 3000,
  field: 2000,
  fields: 10,
  header: 150,
  contextText: 2000,
  buttonText: 75,
};

/** Rows of buttons; a card has fewer, and each of them is there to be pressed. */
const mostRows = 15;

/** Cuts what Slack would refuse, and says that something was cut. Never touches ids and values: they decide things. */
export const fitBlocks = (blocks: readonly unknown[]): unknown[] => {
  const fitted = blocks.map(fitBlock);
  const isSmall = (all: unknown[]) => all.length <= limits.blocks && JSON.stringify(all).length <= limits.characters;
  if (isSmall(fitted)) return fitted;
  // Buttons must stay pressable: all rows of them are kept, and the lines above give way.
  const buttons = fitted.filter((block: any) => block?.type === 'actions').slice(-mostRows);
  const lines = fitted.filter((block) => !buttons.includes(block));
  const withLines = (count: number) => {
    const text = `${lines.length - count} more lines do not fit here.`;
    return [...lines.slice(0, count), { type: 'context', elements: [{ type: 'plain_text', text }] }, ...buttons];
  };
  let count = Math.min(lines.length, limits.blocks - buttons.length - 1);
  while (count > 0 && !isSmall(withLines(count))) count -= 1;
  return withLines(count);
};

const fitBlock = (block: any): unknown => {
  if (block?.type === 'section') {
    return {
      ...block,
      ...(block.text ? { text: fitText(block.text, limits.section) } : {}),
      ...(block.fields
        ? { fields: block.fields.slice(0, limits.fields).map((each: any) => fitText(each, limits.field)) }
        : {}),
      ...(block.accessory ? { accessory: fitElement(block.accessory) } : {}),
    };
  }
  if (block?.type === 'header') return { ...block, text: fitText(block.text, limits.header) };
  if (block?.type === 'context')
    return { ...block, elements: block.elements.map((each: any) => fitText(each, limits.contextText)) };
  if (block?.type === 'actions') return { ...block, elements: block.elements.map(fitElement) };
  return block;
};

const fitElement = (element: any): unknown =>
  element?.type === 'button' ? { ...element, text: fitText(element.text, limits.buttonText) } : element;

const fitText = (text: any, most: number): unknown =>
  typeof text?.text === 'string' && text.text.length > most ? { ...text, text: cut(text.text, most) } : text;

/** Never in the middle of `&amp;` or of a surrogate pair. */
export const cut = (text: string, most: number, mark = '…'): string => {
  if (text.length <= most) return text;
  const kept = text.slice(0, most - mark.length).toWellFormed();
  return `${kept.replace(/\uFFFD$/, '').replace(/&[a-z]{0,3}$/, '')}${mark}`;
};
