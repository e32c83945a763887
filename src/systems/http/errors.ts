import { MaydayError } from '../../errors.ts';

/** Our own refusal to ask an address, which says nothing of the service. */
export const isOurRefusal = (error: unknown): boolean => error instanceof MaydayError && error.code === 'input/invalid';
