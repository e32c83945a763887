import type { ModalView } from '@slack/types';
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
}): ModalView => ({
  type: 'modal',
  callback_id: form.callback,
  private_metadata: form.value,
  title: { type: 'plain_text', text: shorten(form.title, 24) },
  submit: { type: 'plain_text', text: form.submit },
  close: { type: 'plain_text', text: 'Go back' },
  blocks: [
    {
      type: 'input',
      block_id: 'field',
      label: { type: 'plain_text', text: shorten(form.label, 2_000) },
      hint: { type: 'plain_text', text: shorten(form.hint, 2_000) },
      element: { type: 'plain_text_input', action_id: 'value', multiline: form.multiline ?? false, max_length: 500 },
    },
  ],
});
