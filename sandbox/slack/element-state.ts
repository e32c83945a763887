import { optionsOf } from './check-elements.ts';

/** One interactive element with the block that it stands in. */
export interface FoundElement {
  element: any;
  blockId: string;
  /** A label, when the element stands in an input block. */
  block: any;
}

export const elementsIn = (blocks: any[]): FoundElement[] =>
  blocks.flatMap((block) =>
    [...(block.elements ?? []), block.accessory, block.element]
      .filter((element) => element?.type !== undefined && element.type !== 'image' && element.action_id !== undefined)
      .map((element) => ({ element, blockId: block.block_id, block })),
  );

export const findElement = (blocks: any[], actionId: string, blockId?: string): FoundElement | undefined =>
  elementsIn(blocks).find(
    (each) => each.element.action_id === actionId && (blockId === undefined || each.blockId === blockId),
  );

type Written = string | number | boolean | string[] | object | null | undefined;

/** How each kind names its choice, alike in `actions[0]` and in `state.values`, and what it begins with. */
const kinds: Record<string, { key: string; initial?: string; read(element: any, value: Written): unknown }> = {
  static_select: { key: 'selected_option', initial: 'initial_option', read: option },
  external_select: { key: 'selected_option', initial: 'initial_option', read: written },
  radio_buttons: { key: 'selected_option', initial: 'initial_option', read: option },
  overflow: { key: 'selected_option', read: option },
  users_select: { key: 'selected_user', initial: 'initial_user', read: text },
  conversations_select: { key: 'selected_conversation', initial: 'initial_conversation', read: text },
  channels_select: { key: 'selected_channel', initial: 'initial_channel', read: text },
  multi_static_select: { key: 'selected_options', initial: 'initial_options', read: options },
  multi_external_select: { key: 'selected_options', initial: 'initial_options', read: many },
  checkboxes: { key: 'selected_options', initial: 'initial_options', read: options },
  multi_users_select: { key: 'selected_users', initial: 'initial_users', read: many },
  multi_conversations_select: { key: 'selected_conversations', initial: 'initial_conversations', read: many },
  multi_channels_select: { key: 'selected_channels', initial: 'initial_channels', read: many },
  datepicker: { key: 'selected_date', initial: 'initial_date', read: date },
  timepicker: { key: 'selected_time', initial: 'initial_time', read: time },
  datetimepicker: { key: 'selected_date_time', initial: 'initial_date_time', read: moment },
  plain_text_input: { key: 'value', initial: 'initial_value', read: typed },
  email_text_input: { key: 'value', initial: 'initial_value', read: email },
  url_text_input: { key: 'value', initial: 'initial_value', read: url },
  number_input: { key: 'value', initial: 'initial_value', read: number },
  rich_text_input: { key: 'rich_text_value', initial: 'initial_value', read: written },
  file_input: { key: 'files', read: many },
};

/** Those that hold what was chosen; a button and an overflow menu forget at once. */
export const keepsState = (element: any): boolean => element.type in kinds && element.type !== 'overflow';

/** What a person chose or typed, as Slack writes it; refused where Slack's own client would not offer it. */
export const chosenOf = (element: any, value: Written): Record<string, unknown> => {
  if (element.type === 'button') return { text: element.text, value: element.value, style: element.style };
  const kind = kinds[element.type];
  if (!kind) throw new Error(`nothing can be chosen in a ${element.type}`);
  return {
    [kind.key]: value === undefined || value === null || value === '' ? empty(kind.key) : kind.read(element, value),
  };
};

/** What an element holds before anybody touched it. */
export const initialOf = (element: any): Record<string, unknown> => {
  const { key, initial } = kinds[element.type]!;
  return { [key]: (initial && element[initial]) ?? empty(key) };
};

export const isEmpty = (state: Record<string, unknown>): boolean =>
  Object.entries(state).every(
    ([key, value]) => key === 'type' || value === null || value === '' || (Array.isArray(value) && value.length === 0),
  );

/** `state.values` of a message or view: what was chosen so far, else what each element began with. */
export const stateValues = (blocks: any[], chosen: Record<string, any> = {}): Record<string, any> => {
  const values: Record<string, any> = {};
  for (const { element, blockId } of elementsIn(blocks)) {
    if (!keepsState(element)) continue;
    const known = chosen[blockId]?.[element.action_id];
    values[blockId] = {
      ...values[blockId],
      [element.action_id]: known ?? { type: element.type, ...initialOf(element) },
    };
  }
  return values;
};

const empty = (key: string) => (key.endsWith('s') && key !== 'value' ? [] : null);

function option(element: any, value: Written): unknown {
  const found = optionsOf(element).find((each) => each.value === value);
  if (!found) {
    const there = optionsOf(element).map((each) => each.value);
    throw new Error(`${element.action_id} has no option ${JSON.stringify(value)}; there are ${there.join(', ')}`);
  }
  return found;
}

function options(element: any, value: Written): unknown {
  const all = [value].flat().map((each) => option(element, each as Written));
  return atMost(element, all);
}

function many(element: any, value: Written): unknown {
  return atMost(element, [value].flat());
}

function written(_element: any, value: Written): unknown {
  return value;
}

function text(element: any, value: Written): unknown {
  if (typeof value !== 'string') throw new Error(`${element.action_id} needs one id`);
  return value;
}

function date(element: any, value: Written): unknown {
  if (!/^\d{4}-\d\d-\d\d$/.test(String(value))) throw new Error(`${element.action_id} needs a date, YYYY-MM-DD`);
  return value;
}

function time(element: any, value: Written): unknown {
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(String(value))) throw new Error(`${element.action_id} needs a time, HH:mm`);
  return value;
}

function moment(element: any, value: Written): unknown {
  if (!/^\d{10}$/.test(String(value))) throw new Error(`${element.action_id} needs seconds since 1970`);
  return Number(value);
}

function typed(element: any, value: Written): unknown {
  const given = String(value);
  const { min_length: least = 0, max_length: most = 3000 } = element;
  if (given.length < least) throw new Error(`${element.action_id} needs at least ${least} characters`);
  if (given.length > most) throw new Error(`${element.action_id} takes at most ${most} characters`);
  return given;
}

function email(element: any, value: Written): unknown {
  if (!/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(String(value)))
    throw new Error(`${element.action_id} needs an e-mail address`);
  return value;
}

function url(element: any, value: Written): unknown {
  if (!URL.canParse(String(value))) throw new Error(`${element.action_id} needs a URL`);
  return value;
}

function number(element: any, value: Written): unknown {
  const given = Number(value);
  const isOk =
    Number.isFinite(given) &&
    (element.is_decimal_allowed || Number.isInteger(given)) &&
    given >= Number(element.min_value ?? given) &&
    given <= Number(element.max_value ?? given);
  if (!isOk) throw new Error(`${element.action_id} does not take ${value}`);
  return String(value);
}

function atMost(element: any, all: unknown[]): unknown[] {
  const most = element.max_selected_items ?? element.max_files;
  if (most !== undefined && all.length > most) throw new Error(`${element.action_id} takes at most ${most}`);
  return all;
}
