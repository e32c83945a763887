import type { InputBlock, KnownBlock, ModalView, PlainTextOption, SectionBlock } from '@slack/types';
import type { CommandForm, FormContext, FormField } from '../../define.ts';
import { shorten } from './text.ts';

/** What travels with a form: which command it is for, where it was opened, and what it began with. */
export interface FormOrigin {
  command: string;
  /** The channel in which it was opened; absent when it was opened from nowhere in particular. */
  channel?: string;
  thread?: string;
  /** Values of fields that are not shown, such as the message that it is about. */
  fixed?: Record<string, string>;
}

export type FormValues = Record<string, string>;

/** Slack's limits. */
const mostOptions = 100;
const mostOptionText = 75;
const mostMetadata = 3000;

export const commandFormCallback = 'command:form';
/** A field that decides about others is drawn with this, so that its change is heard of. */
const decidesPrefix = 'command:decides:';

/** A command's form, drawn for what has been chosen so far. */
export const commandForm = (
  form: CommandForm,
  origin: FormOrigin,
  chosen: FormValues,
  context: FormContext,
): ModalView => {
  const metadata = JSON.stringify(origin);
  return {
    type: 'modal',
    callback_id: commandFormCallback,
    private_metadata: metadata.length <= mostMetadata ? metadata : JSON.stringify({ ...origin, fixed: {} }),
    title: { type: 'plain_text', text: shorten(form.title, 24) },
    submit: { type: 'plain_text', text: 'Go on' },
    close: { type: 'plain_text', text: 'Go back' },
    blocks: form.fields(chosen, context).map((field) => block(field, chosen[field.name])),
  };
};

const block = (field: FormField, chosen: string | undefined): KnownBlock => {
  if (field.kind === 'choice' && field.options.length === 0)
    return block(
      { kind: 'note', name: field.name, label: `${field.label} There is nothing to choose from.` },
      undefined,
    );
  if (field.kind === 'note')
    return { type: 'section', text: { type: 'mrkdwn', text: shorten(field.label, 2900) } } satisfies SectionBlock;
  const initial = chosen ?? ('initial' in field ? field.initial : undefined);
  const common = {
    type: 'input' as const,
    block_id: field.name,
    label: { type: 'plain_text' as const, text: shorten(field.label, 2000) },
    ...(field.hint && { hint: { type: 'plain_text' as const, text: shorten(field.hint, 2000) } }),
    optional: field.optional === true,
  };
  if (field.kind === 'choice') {
    const options = field.options.slice(0, mostOptions).map(optionOf);
    const picked = options.find(({ value }) => value === initial);
    return {
      ...common,
      ...(field.decides && { dispatch_action: true }),
      element: {
        type: 'static_select',
        action_id: field.decides ? `${decidesPrefix}${field.name}` : 'value',
        options,
        ...(picked && { initial_option: picked }),
      },
    } satisfies InputBlock;
  }
  if (field.kind === 'flag') {
    const option = { value: 'yes', text: { type: 'plain_text' as const, text: shorten(field.text, mostOptionText) } };
    return {
      ...common,
      optional: true,
      element: {
        type: 'checkboxes',
        action_id: 'value',
        options: [option],
        ...(initial === 'yes' && { initial_options: [option] }),
      },
    } satisfies InputBlock;
  }
  return {
    ...common,
    element: {
      type: 'plain_text_input',
      action_id: 'value',
      multiline: field.multiline === true,
      max_length: field.most ?? 500,
      ...(initial && { initial_value: initial.slice(0, field.most ?? 500) }),
      ...(field.placeholder && { placeholder: { type: 'plain_text' as const, text: shorten(field.placeholder, 150) } }),
    },
  } satisfies InputBlock;
};

const optionOf = ({ value, label }: { value: string; label: string }): PlainTextOption => ({
  value,
  text: { type: 'plain_text', text: shorten(label, mostOptionText) },
});

/** What is filled in just now: of a submission, or of a form that is being drawn anew. */
export const valuesOf = (view: {
  private_metadata: string;
  state: { values: Record<string, Record<string, any>> };
}): FormValues => {
  const values: FormValues = {};
  for (const [name, elements] of Object.entries(view.state.values))
    for (const element of Object.values(elements)) {
      const value = element['selected_option']?.value ?? element['selected_options']?.[0]?.value ?? element['value'];
      if (typeof value === 'string' && value !== '') values[name] = value;
    }
  return { ...originOf(view.private_metadata).fixed, ...values };
};

export const originOf = (metadata: string): FormOrigin => JSON.parse(metadata) as FormOrigin;
