import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { shellLine } from '../../shell-line.ts';
import type { HttpClient } from '../client.ts';
import { askUrl, urlFacts, urlWritten } from '../url-check.ts';

const posted = { ...urlWritten, body: z.record(z.string(), z.json()) };

/** Whether a service does what it is there for: a request that a user could make, sent as JSON. */
export const post = (client: HttpClient) =>
  defineCheck({
    name: 'http/post',
    version: 1,
    summary: 'Does the service accept a request?',
    with: z.strictObject(posted),
    resolve: (written) => written,
    input: z.strictObject(posted),
    facts: urlFacts,
    permissions: () => [],
    expectedSeconds: 1,
    ask: ({ url, status, contains, loopback, body }, context) =>
      askUrl(client, { method: 'POST', url, status, contains, loopback, body: JSON.stringify(body) }, context),
    command: ({ url, body }) => {
      const header = 'content-type: application/json';
      const options = [
        '--silent',
        '--show-error',
        '--max-time',
        '4',
        '--header',
        header,
        '--data',
        JSON.stringify(body),
      ];
      return shellLine('curl', ...options, url);
    },
  });
