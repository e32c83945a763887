import { z } from 'zod';
import type { Answer, LookContext } from '../../define.ts';
import { messageOf } from '../../errors.ts';
import { isForbiddenAddress } from '../forbidden-address.ts';
import { lookSignal } from '../look-signal.ts';
import type { HttpClient } from './client.ts';
import { isOurRefusal } from './errors.ts';

/** What both checks of URLs write. */
export const urlWritten = {
  url: z
    .url({ protocol: /^https?$/ })
    .refine(
      (url) => URL.canParse(url) && !isForbiddenAddress(new URL(url).hostname),
      'is a link-local or metadata address',
    ),
  status: z.int().min(100).max(599).default(200),
  contains: z.string().optional(),
  /** The URL itself names this machine (localhost, 127.0.0.1, ::1), and the plan means it. */
  loopback: z.literal('allowed').optional(),
};

export const urlFacts = { status: 'number', milliseconds: 'number' } as const;

/** Asks and compares. A service that does not answer is a no: answering is what is asked of it. */
export const askUrl = async (
  client: HttpClient,
  call: {
    method: 'GET' | 'POST';
    url: string;
    body?: string;
    status: number;
    contains?: string | undefined;
    loopback?: 'allowed' | undefined;
  },
  context: LookContext,
): Promise<Answer> => {
  const line = `${call.method} ${call.url}`;
  try {
    const { status, body, milliseconds } = await client.ask(
      { ...call, mayAskSelf: call.loopback === 'allowed' },
      lookSignal(context),
    );
    const facts = { status, milliseconds };
    if (status !== call.status)
      return { answer: 'no', because: `${line} answered ${status}, not ${call.status}`, facts };
    if (call.contains !== undefined && !body.includes(call.contains)) {
      return { answer: 'no', because: `${line} answered ${status} without "${call.contains}"`, facts };
    }
    return { answer: 'yes', because: `${line} answered ${status} in ${milliseconds} ms`, facts };
  } catch (error) {
    return { answer: isOurRefusal(error) ? 'unknown' : 'no', because: messageOf(error) };
  }
};
