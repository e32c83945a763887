import type { InputBlock, KnownBlock, ModalView, PlainTextOption } from '@slack/types';
import type { IncidentQuestion } from '../../define.ts';
import { resolveChecklist } from '../../incident/due.ts';
import { type Incident, severities } from '../../incident/incident.ts';
import { shorten } from '../cards/text.ts';

/** The forms about an incident, each with the id of the incident behind it, and what was filled in. */

const option = (value: string, text: string): PlainTextOption => ({ value, text: { type: 'plain_text', text } });

const form = (callback: string, title: string, submit: string, id: string, blocks: KnownBlock[]): ModalView => ({
  type: 'modal',
  callback_id: `incident:${callback}`,
  private_metadata: id,
  title: { type: 'plain_text', text: title },
  submit: { type: 'plain_text', text: submit },
  close: { type: 'plain_text', text: 'Go back' },
  blocks,
});

const words = (label: string, initial: string, hint?: string): InputBlock => ({
  type: 'input',
  block_id: 'words',
  label: { type: 'plain_text', text: label },
  ...(hint && { hint: { type: 'plain_text', text: hint } }),
  element: {
    type: 'plain_text_input',
    action_id: 'value',
    multiline: true,
    max_length: 500,
    ...(initial && { initial_value: initial.slice(0, 500) }),
  },
});

const choice = (name: string, label: string, options: PlainTextOption[], initial?: string): InputBlock => {
  const picked = options.find(({ value }) => value === initial);
  return {
    type: 'input',
    block_id: name,
    label: { type: 'plain_text', text: label },
    element: { type: 'static_select', action_id: 'value', options, ...(picked && { initial_option: picked }) },
  };
};

const usual = 'usual';
const never = 'never';
const whenNext = [
  option(usual, 'As the severity says'),
  option('900', 'In 15 minutes'),
  option('1800', 'In 30 minutes'),
  option('3600', 'In 1 hour'),
  option('14400', 'In 4 hours'),
  option(never, 'No update is expected'),
];

const severityOptions = severities.map((severity) => option(severity, severity));

export const incidentForm = (what: IncidentQuestion, id: string, incident: Incident, text: string): ModalView => {
  switch (what) {
    case 'update':
      return form('update-words', 'Update', 'Say it', id, [
        words('How does it stand?', text, 'What users see, what is being done. The channel and the page get it.'),
        choice('severity', 'Severity', severityOptions, incident.severity),
        choice('next', 'Next update', whenNext, usual),
      ]);
    case 'severity':
      return form('severity-words', 'Change severity', 'Change it', id, [
        choice('severity', 'Severity', severityOptions, incident.severity),
        words('Why?', text, 'The channel reads it.'),
      ]);
    case 'task':
      return form('task-words', 'New task', 'Add it', id, [
        words('What is to be done?', text),
        {
          type: 'input',
          block_id: 'owner',
          optional: true,
          label: { type: 'plain_text', text: 'By whom?' },
          hint: { type: 'plain_text', text: 'Nobody chosen: by you.' },
          element: { type: 'users_select', action_id: 'value' },
        },
        choice(
          'due',
          'Until when?',
          [
            option('3600', 'In 1 hour'),
            option('14400', 'In 4 hours'),
            option('86400', 'In 24 hours'),
            option('259200', 'In 3 days'),
            option('604800', 'In a week'),
          ],
          '86400',
        ),
      ]);
    case 'resolve':
      return form('resolve-words', 'Resolve', 'Resolve it', id, [
        words('What ended it?', text, 'Everybody who was told of it reads this.'),
        ...resolveChecklist.map(
          (item, i): InputBlock => ({
            type: 'input',
            block_id: `check-${i}`,
            label: { type: 'plain_text', text: shorten(item, 200) },
            element: {
              type: 'radio_buttons',
              action_id: 'value',
              options: [option('yes', 'Yes'), option('no', 'No, and that is known')],
            },
          }),
        ),
      ]);
  }
};

export const reopenForm = (id: string): ModalView =>
  form('reopen-words', 'Reopen', 'Reopen it', id, [words('Why is it not over?', '', 'The channel reads it.')]);

/** What was filled in, by the names of the fields. */
export const filledIn = (view: { state: { values: Record<string, Record<string, any>> } }): Record<string, string> =>
  Object.fromEntries(
    Object.entries(view.state.values).flatMap(([name, { value: element }]) => {
      const filled = element?.selected_option?.value ?? element?.selected_user ?? element?.value;
      return typeof filled === 'string' ? [[name, filled.trim()]] : [];
    }),
  );

/** When the next word is due, as it was chosen; undefined: as the severity says. */
export const nextOf = (chosen: string | undefined, now: Date): Date | null | undefined => {
  if (chosen === never) return null;
  if (chosen === undefined || chosen === usual) return undefined;
  return new Date(now.getTime() + Number(chosen) * 1000);
};

export const answersOf = (filled: Record<string, string>): { item: string; answer: 'yes' | 'no' }[] =>
  resolveChecklist.map((item, i) => ({ item, answer: filled[`check-${i}`] === 'yes' ? 'yes' : 'no' }));
