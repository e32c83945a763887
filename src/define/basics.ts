export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Which queue carries a step, so that a backlog of messages never delays recovery. */
export type Lane = 'recover' | 'tell' | 'look';

/** A place of a plan's `regions:`, such as `virginia`. */
export type Place = string;
