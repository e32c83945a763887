import { MaydayError, messageOf } from '../errors.ts';
import type { Journal } from './journal.ts';

/** How long a failed write counts when none was tried since: every sweep tries again what is due. */
const memoryMs = 15_000;

/**
 * A journal that remembers whether it could be written lately. Reading says nothing about that: a database whose disk
 * is full answers every question.
 */
export const watchJournal = (journal: Journal): { journal: Journal; writeFault(): string | undefined } => {
  let fault: { said: string; at: number } | undefined;
  return {
    journal: {
      ...journal,
      async append(appends, options) {
        try {
          const heads = await journal.append(appends, options);
          fault = undefined;
          return heads;
        } catch (error) {
          if (error instanceof MaydayError && error.code === 'journal/unavailable')
            fault = { said: messageOf(error), at: performance.now() };
          throw error;
        }
      },
    },
    writeFault: () => (fault && performance.now() - fault.at < memoryMs ? fault.said : undefined),
  };
};
