/** Where an element may stand. */
export type Place = 'section' | 'actions' | 'input' | 'context';

/** Collects what is wrong, each with the JSON pointer at which Slack would name it. */
export type Fail = (pointer: string, text: string) => void;

interface ElementRule {
  places: Place[];
  takes: string[];
  /** How many options it may have, where it has any. */
  options?: number;
}

const select = ['placeholder', 'confirm', 'focus_on_load'];
const multi = [...select, 'max_selected_items'];
const chooses: Place[] = ['section', 'actions', 'input'];
const typed = ['initial_value', 'placeholder', 'focus_on_load', 'dispatch_action_config'];

/** https://docs.slack.dev/reference/block-kit/block-elements */
const rules: Record<string, ElementRule> = {
  button: {
    places: ['section', 'actions'],
    takes: ['text', 'value', 'url', 'style', 'confirm', 'accessibility_label'],
  },
  overflow: { places: ['section', 'actions'], takes: ['options', 'confirm'], options: 5 },
  static_select: { places: chooses, takes: [...select, 'options', 'option_groups', 'initial_option'], options: 100 },
  external_select: { places: chooses, takes: [...select, 'initial_option', 'min_query_length'] },
  users_select: { places: chooses, takes: [...select, 'initial_user'] },
  conversations_select: {
    places: chooses,
    takes: [...select, 'initial_conversation', 'default_to_current_conversation', 'response_url_enabled', 'filter'],
  },
  channels_select: { places: chooses, takes: [...select, 'initial_channel', 'response_url_enabled'] },
  multi_static_select: {
    places: chooses,
    takes: [...multi, 'options', 'option_groups', 'initial_options'],
    options: 100,
  },
  multi_external_select: { places: chooses, takes: [...multi, 'initial_options', 'min_query_length'] },
  multi_users_select: { places: chooses, takes: [...multi, 'initial_users'] },
  multi_conversations_select: {
    places: chooses,
    takes: [...multi, 'initial_conversations', 'default_to_current_conversation', 'filter'],
  },
  multi_channels_select: { places: chooses, takes: [...multi, 'initial_channels'] },
  radio_buttons: {
    places: chooses,
    takes: ['options', 'initial_option', 'confirm', 'focus_on_load'],
    options: 10,
  },
  checkboxes: { places: chooses, takes: ['options', 'initial_options', 'confirm', 'focus_on_load'], options: 10 },
  datepicker: { places: chooses, takes: [...select, 'initial_date'] },
  timepicker: { places: chooses, takes: [...select, 'initial_time', 'timezone'] },
  datetimepicker: { places: ['actions', 'input'], takes: ['initial_date_time', 'confirm', 'focus_on_load'] },
  plain_text_input: { places: ['input'], takes: [...typed, 'multiline', 'min_length', 'max_length'] },
  email_text_input: { places: ['input'], takes: typed },
  url_text_input: { places: ['input'], takes: typed },
  number_input: { places: ['input'], takes: [...typed, 'is_decimal_allowed', 'min_value', 'max_value'] },
  rich_text_input: { places: ['input'], takes: typed },
  file_input: { places: ['input'], takes: ['filetypes', 'max_files'] },
  image: { places: ['section', 'context'], takes: ['image_url', 'slack_file', 'alt_text'] },
};

export const checkText = (value: any, pointer: string, longest: number, fail: Fail, kind?: 'plain_text' | 'mrkdwn') => {
  if (!value || typeof value !== 'object') return fail(pointer, 'must be a text object');
  if (value.type !== 'plain_text' && value.type !== 'mrkdwn') return fail(`${pointer}/type`, 'unsupported text type');
  if (kind && value.type !== kind) fail(`${pointer}/type`, `must be ${kind}`);
  const takes = value.type === 'plain_text' ? ['type', 'text', 'emoji'] : ['type', 'text', 'verbatim'];
  checkKeys(value, takes, pointer, fail);
  if (typeof value.text !== 'string' || value.text.length < 1)
    return fail(`${pointer}/text`, 'must be more than 0 characters');
  if (value.text.length > longest) fail(`${pointer}/text`, `must be less than ${longest + 1} characters`);
};

export const checkKeys = (value: object, takes: string[], pointer: string, fail: Fail) => {
  for (const key of Object.keys(value)) if (!takes.includes(key)) fail(pointer, `invalid additional property: ${key}`);
};

/** A string of at most so many characters, where it is given at all. */
export const checkLength = (value: unknown, pointer: string, longest: number, fail: Fail) => {
  if (value === undefined) return;
  if (typeof value !== 'string') return fail(pointer, 'must be a string');
  if (value.length > longest) fail(pointer, `must be less than ${longest + 1} characters`);
};

/** One interactive element, or an image, at the place where it stands. */
export const checkElement = (value: any, pointer: string, place: Place, fail: Fail) => {
  if (!value || typeof value.type !== 'string') return fail(pointer, 'must have a type');
  const rule = Object.hasOwn(rules, value.type) ? rules[value.type] : undefined;
  if (!rule?.places.includes(place)) return fail(`${pointer}/type`, `unsupported element ${value.type}`);
  checkKeys(value, ['type', ...(value.type === 'image' ? [] : ['action_id']), ...rule.takes], pointer, fail);
  checkLength(value.action_id, `${pointer}/action_id`, 255, fail);
  if (value.type === 'image') return checkImage(value, pointer, fail);
  if (value.type === 'button') checkButton(value, pointer, fail);
  if (value.confirm !== undefined) checkConfirm(value.confirm, `${pointer}/confirm`, fail);
  if (value.placeholder !== undefined) checkText(value.placeholder, `${pointer}/placeholder`, 150, fail, 'plain_text');
  if (rule.options !== undefined) checkChoices(value, pointer, rule.options, fail);
  if (value.type.endsWith('_input')) checkTyped(value, pointer, fail);
  if (value.initial_date !== undefined && !/^\d{4}-\d\d-\d\d$/.test(value.initial_date))
    fail(`${pointer}/initial_date`, 'must be in the format YYYY-MM-DD');
  if (value.initial_time !== undefined && !/^([01]\d|2[0-3]):[0-5]\d$/.test(value.initial_time))
    fail(`${pointer}/initial_time`, 'must be in the format HH:mm');
  if (value.initial_date_time !== undefined && !/^\d{10}$/.test(String(value.initial_date_time)))
    fail(`${pointer}/initial_date_time`, 'must be a UNIX timestamp of ten digits');
  if (value.type === 'datetimepicker' && value.placeholder !== undefined)
    fail(pointer, 'invalid additional property: placeholder');
};

export const checkImage = (value: any, pointer: string, fail: Fail) => {
  if (typeof value.alt_text !== 'string') fail(`${pointer}/alt_text`, 'missing required field: alt_text');
  else checkLength(value.alt_text, `${pointer}/alt_text`, 2000, fail);
  if ((value.image_url === undefined) === (value.slack_file === undefined))
    fail(pointer, 'exactly one of image_url and slack_file is needed');
  checkLength(value.image_url, `${pointer}/image_url`, 3000, fail);
};

const checkButton = (value: any, pointer: string, fail: Fail) => {
  checkText(value.text, `${pointer}/text`, 75, fail, 'plain_text');
  checkLength(value.value, `${pointer}/value`, 2000, fail);
  checkLength(value.url, `${pointer}/url`, 3000, fail);
  checkLength(value.accessibility_label, `${pointer}/accessibility_label`, 75, fail);
  if (value.style !== undefined && !['primary', 'danger'].includes(value.style))
    fail(`${pointer}/style`, 'must be primary or danger');
};

const checkConfirm = (value: any, pointer: string, fail: Fail) => {
  if (!value || typeof value !== 'object') return fail(pointer, 'must be an object');
  checkKeys(value, ['title', 'text', 'confirm', 'deny', 'style'], pointer, fail);
  checkText(value.title, `${pointer}/title`, 100, fail, 'plain_text');
  checkText(value.text, `${pointer}/text`, 300, fail);
  checkText(value.confirm, `${pointer}/confirm`, 30, fail, 'plain_text');
  checkText(value.deny, `${pointer}/deny`, 30, fail, 'plain_text');
};

const checkChoices = (value: any, pointer: string, most: number, fail: Fail) => {
  const isMenu = value.type.endsWith('static_select');
  if (isMenu && (value.options === undefined) === (value.option_groups === undefined))
    return fail(pointer, 'exactly one of options and option_groups is needed');
  const groups = value.option_groups === undefined ? [value] : value.option_groups;
  if (!Array.isArray(groups) || groups.length > 100)
    return fail(`${pointer}/option_groups`, 'no more than 100 items allowed');
  for (const [index, group] of groups.entries()) {
    const at = group === value ? pointer : `${pointer}/option_groups/${index}`;
    if (group !== value) checkText(group?.label, `${at}/label`, 75, fail, 'plain_text');
    if (!Array.isArray(group?.options) || group.options.length < 1 || group.options.length > most) {
      fail(`${at}/options`, `between 1 and ${most} items allowed`);
      continue;
    }
    for (const [place, each] of group.options.entries()) checkOption(each, `${at}/options/${place}`, value.type, fail);
  }
  const known = optionsOf(value).map((each) => JSON.stringify(each));
  for (const initial of [value.initial_option ?? [], value.initial_options ?? []].flat())
    if (!known.includes(JSON.stringify(initial))) fail(pointer, 'an initial option must be one of the options');
};

const checkOption = (value: any, pointer: string, type: string, fail: Fail) => {
  if (!value || typeof value !== 'object') return fail(pointer, 'must be an option object');
  checkKeys(value, ['text', 'value', 'description', ...(type === 'overflow' ? ['url'] : [])], pointer, fail);
  // Only what shows its options at once may use mrkdwn in them.
  const isOpen = type === 'radio_buttons' || type === 'checkboxes';
  checkText(value.text, `${pointer}/text`, 75, fail, isOpen ? undefined : 'plain_text');
  if (typeof value.value !== 'string') fail(`${pointer}/value`, 'missing required field: value');
  else checkLength(value.value, `${pointer}/value`, 150, fail);
  if (value.description !== undefined) checkText(value.description, `${pointer}/description`, 75, fail);
  checkLength(value.url, `${pointer}/url`, 3000, fail);
};

const checkTyped = (value: any, pointer: string, fail: Fail) => {
  const between = (key: string, least: number, most: number) => {
    const given = value[key];
    if (given !== undefined && (!Number.isInteger(given) || given < least || given > most))
      fail(`${pointer}/${key}`, `must be between ${least} and ${most}`);
  };
  between('min_length', 0, 3000);
  between('max_length', 1, 3000);
  between('max_files', 1, 10);
  if (value.type === 'number_input' && typeof value.is_decimal_allowed !== 'boolean')
    fail(`${pointer}/is_decimal_allowed`, 'missing required field: is_decimal_allowed');
  const triggers = value.dispatch_action_config?.trigger_actions_on ?? [];
  for (const trigger of triggers)
    if (!['on_enter_pressed', 'on_character_entered'].includes(trigger))
      fail(`${pointer}/dispatch_action_config`, 'must be on_enter_pressed or on_character_entered');
};

/** All options of a menu, whether or not they stand in groups. */
export const optionsOf = (element: any): any[] =>
  element.options ?? (element.option_groups ?? []).flatMap((group: any) => group?.options ?? []);
