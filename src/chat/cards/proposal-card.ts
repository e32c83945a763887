import type { KnownBlock } from '@slack/types';
import type { Card } from './run-card.ts';
import { section } from './section.ts';
import { code, plain, shorten } from './text.ts';

export interface ProposalText {
  id: string;
  plan: string;
  title: string;
  flow: string;
  scope: string;
  because: string;
}

/** What a plan proposes to do about what is seen, with what that would change. */
export const proposalCard = (proposal: ProposalText, preview: string, ended?: string): Card => {
  const { id, title, flow, scope, because } = proposal;
  const head = `${flow} of ${scope} of ${title}`;
  const blocks: KnownBlock[] = [
    { type: 'header', text: { type: 'plain_text', text: shorten(`💡 Proposed: ${head}`, 150) } },
    section(`${plain(shorten(because, 1_000))}\nThe plan says: *${plain(flow)} ${plain(scope)}*.`),
    ...(preview === '' ? [] : [section(`\`\`\`${code(shorten(preview, 2_500))}\`\`\``)]),
  ];
  if (ended === undefined)
    blocks.push({
      type: 'actions',
      block_id: 'proposal',
      elements: [
        {
          type: 'button',
          style: 'primary',
          action_id: 'proposal:start',
          text: { type: 'plain_text', text: 'Start' },
          value: id,
          confirm: {
            title: { type: 'plain_text', text: 'Start it?' },
            text: {
              type: 'plain_text',
              text: 'A run is made and approval is asked for. Nothing is changed before that.',
            },
            confirm: { type: 'plain_text', text: 'Start' },
            deny: { type: 'plain_text', text: 'Go back' },
          },
        },
        { type: 'button', action_id: 'proposal:later', text: { type: 'plain_text', text: 'Not now' }, value: id },
        {
          type: 'button',
          style: 'danger',
          action_id: 'proposal:wrong',
          text: { type: 'plain_text', text: 'Wrong …' },
          value: id,
        },
      ],
    });
  else blocks.push({ type: 'context', elements: [{ type: 'mrkdwn', text: shorten(ended, 1_900) }] });
  return { text: `Proposed: ${plain(shorten(head, 300))}. ${plain(shorten(because, 300))}`, blocks };
};
