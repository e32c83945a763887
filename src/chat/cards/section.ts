import type { SectionBlock } from '@slack/types';
import { shorten } from './text.ts';

/** Lines of Slack's formatting; what people wrote in them has been escaped. */
export const section = (text: string): SectionBlock => ({
  type: 'section',
  text: { type: 'mrkdwn', text: shorten(text, 2_900) },
});
