import { MaydayError } from '../errors.ts';
import type { createJournal } from './journal.ts';

/** Puts something on record that belongs to no run and no incident. Others append there as well, so it is tried again. */
export const appendToSystem = async (
  journal: ReturnType<typeof createJournal>,
  ...events: { type: string; version: number; actor: string; data: object }[]
): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await journal.append([{ stream: 'system', expected: await journal.head('system'), events }]);
      return;
    } catch (error) {
      // What comes in is written to the same stream all the time: who loses waits a moment, and nothing is left out.
      if (!(error instanceof MaydayError) || error.code !== 'journal/conflict' || attempt === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * attempt * 5));
    }
  }
};
