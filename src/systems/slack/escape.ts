import { cut } from './fit-blocks.ts';

/** Makes text from people harmless in Slack: no mentions, no links behind other words, no direction tricks. */
export const escapeSlack = (text: string): string =>
  text
    .replaceAll('\0', '')
    .replace(/[\u202a-\u202e\u2066-\u2069\u200b-\u200f\u2060\ufeff]/g, '')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');

/**
 * What a rendered template is in Slack. Those under `slack/` are written in mrkdwn and the renderer has escaped every
 * value in them; all others are plain text and escaped as a whole.
 */
export const asSlackText = (template: string | undefined, rendered: string): string =>
  shortened(template?.startsWith('slack/') ? rendered : escapeSlack(rendered));

/** Slack cuts long messages without a word; we say so. */
const longestText = 3900;
const shortened = (text: string): string => cut(text, longestText, '… (shortened)');
