import type { KnownBlock, ModalView } from '@slack/types';
import { shorten } from './text.ts';

/** A small form with one line to type; what it is about travels in `private_metadata`. */
export const oneFieldForm = (form: {
  callback: string;
  title: string;
  label: string;
  hint: string;
  submit: string;
  value: string;
  multiline?: boolean;
  /** Further lines, by the id of their blocks. */
  more?: { id: string; label: string; hint: string; optional?: true; most: number }[];
  /** Only the further lines are asked for. */
  without?: true;
  /** What it is about, above the fields; formatted, and safe to show. */
  about?: readonly string[];
}): ModalView => ({
  type: 'modal',
  callback_id: form.callback,
  private_metadata: form.value,
  title: { type: 'plain_text', text: shorten(form.title, 24) },
  submit: { type: 'plain_text', text: form.submit },
  close: { type: 'plain_text', text: 'Go back' },
  blocks: [
    ...(form.about ?? []).map(
      (line): KnownBlock => ({ type: 'section', text: { type: 'mrkdwn', text: shorten(line, 3_000) } }),
    ),
    ...[
      ...(form.without ? [] : [{ id: 'field', label: form.label, hint: form.hint, most: 500 }]),
      ...(form.more ?? []),
    ].map(
      ({ id, label, hint, most, ...rest }): KnownBlock => ({
        type: 'input',
        block_id: id,
        label: { type: 'plain_text', text: shorten(label, 2_000) },
        hint: { type: 'plain_text', text: shorten(hint, 2_000) },
        ...('optional' in rest && { optional: true }),
        element: {
          type: 'plain_text_input',
          action_id: 'value',
          multiline: id === 'field' && (form.multiline ?? false),
          max_length: most,
        },
      }),
    ),
  ],
});

/** In place of a form: what came of it. */
export const saidForm = (title: string, text: string): ModalView => ({
  type: 'modal',
  title: { type: 'plain_text', text: shorten(title, 24) },
  close: { type: 'plain_text', text: 'Close' },
  blocks: [{ type: 'section', text: { type: 'plain_text', text: shorten(text, 3_000) } }],
});
