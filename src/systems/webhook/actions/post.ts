import { z } from 'zod';
import { defineAction } from '../../../define.ts';
import { curlLine } from '../../curl-line.ts';
import { isForbiddenAddress } from '../../forbidden-address.ts';
import type { Webhooks } from '../client.ts';

/** Set by ourselves, or by the connection. */
const reserved = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'idempotency-key']);

const written = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .refine(
      (url) => URL.canParse(url) && !isForbiddenAddress(new URL(url).hostname),
      'is a link-local or metadata address',
    ),
  body: z.record(z.string(), z.json()),
  /** Headers whose values are secrets: the name of the variable that holds each. */
  'header-env': z
    .record(
      z
        .string()
        .regex(/^[\w-]+$/, 'is a name of a header')
        .refine((name) => !reserved.has(name.toLowerCase()), 'is set by Mayday itself'),
      z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'is a name of a variable'),
    )
    .default({}),
});

/**
 * Tells another service to do something, by its webhook. Whether it did cannot be read there, so it is given the step's
 * own key: a receiver that knows `Idempotency-Key` does it once, however often it is told.
 */
export const post = (webhooks: Webhooks) =>
  defineAction({
    name: 'webhook/post',
    version: 1,
    summary: 'Post JSON to a webhook',
    effect: 'change',
    with: written,
    resolve: (given) => ({ url: given.url, body: given.body, headerEnv: given['header-env'] }),
    input: z.strictObject({
      url: z.string(),
      body: z.record(z.string(), z.json()),
      headerEnv: z.record(z.string(), z.string()),
    }),
    targets: ['url', 'headerEnv'],
    output: z.object({ status: z.number() }),
    resources: ({ url }) => [`webhook:${new URL(url).host}`],
    changes: ['webhook:Post'],
    permissions: ({ url }) => [{ system: 'http', action: 'POST', resource: new URL(url).origin }],
    expectedSeconds: 2,
    longestSeconds: 120,
    repeat: 'by-key',
    reversible: { no: 'what the receiver does with it is its own; only it can take that back' },

    observe: async () => ({
      state: 'todo',
      seen: 'whether it was posted cannot be read there; its key keeps it from counting twice',
    }),
    async act({ url, body, headerEnv }, context) {
      const signal = await context.beforeChange();
      const status = await webhooks.post({ url, body, key: context.key, secrets: headerEnv }, signal);
      return { output: { status }, seen: `${new URL(url).host} answered ${status}` };
    },
    preview: async ({ url }) => [
      { resource: `webhook:${new URL(url).host}`, now: 'not told', then: 'told by a POST, once' },
    ],
    command: ({ url, body, headerEnv }) =>
      curlLine(
        'POST',
        url,
        Object.fromEntries(Object.entries(headerEnv).map(([name, env]) => [name, `$${env}`])),
        body,
      ),
  });
