import { MaydayError } from '../errors.ts';
import type { createJournal } from './journal.ts';

/** Puts something on record that belongs to no run and no incident. Others append there as well, so it is tried again. */
export const appendToSystem = async (
  journal: ReturnType<typeof createJournal>,
  event: { type: string; version: number; actor: string; data: object },
): Promise<void> => {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    try {
      await journal.append([{ stream: 'system', expected: await journal.head('system'), events: [event] }]);
      return;
    } catch (error) {
      if (!(error instanceof MaydayError) || error.code !== 'journal/conflict') throw error;
    }
  }
};
