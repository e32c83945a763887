import { z } from 'zod';
import { defineAction, type Json } from '../../../define.ts';
import { MaydayError } from '../../../errors.ts';
import { noticePatienceSeconds } from '../../notice-patience.ts';
import type { EmailClient } from '../client.ts';

const wording = {
  from: z.email(),
  /** Template of the subject; its first line counts. */
  subject: z.string().default('email/subject'),
  template: z.string().min(1),
  extra: z.record(z.string(), z.json()).optional(),
};

/**
 * Sends a mail at least once. SMTP can neither be asked whether a mail went out nor deduplicate, so the Message-ID is
 * the same on every try: readers that get two copies show one.
 */
export const send = (email: EmailClient) =>
  defineAction({
    name: 'email/send',
    version: 1,
    summary: 'Send an e-mail',
    effect: 'notice',
    /** `to`: addresses, or names of the plan's people. */
    with: z.strictObject({ to: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]), ...wording }),
    resolve({ to, ...rest }, plan) {
      const addresses = [to].flat().map((each) => {
        if (each.includes('@')) return each;
        const { email: address } = plan.person(each);
        if (!address) throw new MaydayError('plan/invalid', `${each} has no e-mail address in the plan.`);
        return address;
      });
      return { to: addresses, ...rest };
    },
    input: z.strictObject({ to: z.array(z.email()).min(1), ...wording }),
    targets: ['to'],
    output: z.strictObject({ messageId: z.string() }),
    resources: () => [],
    changes: ['smtp:Mail'],
    permissions: () => [],
    expectedSeconds: 5,
    longestSeconds: noticePatienceSeconds,
    repeat: 'by-key',
    reversible: { no: 'a mail cannot be called back' },
    observe: async ({ to }) => ({
      state: 'todo',
      seen: `a mail server cannot be asked whether ${to.join(', ')} got the mail`,
    }),
    async act({ to, from, subject, template, extra }, context) {
      const more = (extra ?? {}) as Record<string, Json>;
      const [line = ''] = (await context.render(subject, more)).trim().split('\n');
      const text = await context.render(template, more);
      const messageId = messageIdOf(context.key);
      await email.send({ from, to, subject: line, text, messageId }, await context.beforeChange());
      return { output: { messageId }, seen: `mailed ${to.join(', ')}` };
    },
    preview: async ({ to, template }) =>
      to.map((address) => ({ resource: `email:${address}`, now: 'not told', then: `gets ${template}` })),
    command: ({ to, from, template }) =>
      `curl --url "$SMTP_URL" --mail-from ${from} ${to.map((each) => `--mail-rcpt ${each}`).join(' ')} -T '${template}.eml'`,
  });

/** Keys hold a slash and may hold more; an id may hold only what RFC 5322 calls dot-atom. */
const messageIdOf = (key: string): string => `<${key.replace(/[^a-zA-Z0-9/_-]+/g, '-')}@mayday>`;
