import { z } from 'zod';
import { defineCheck } from '../../../define.ts';
import { shellLine } from '../../shell-line.ts';
import type { HttpClient } from '../client.ts';
import { askUrl, urlFacts, urlWritten } from '../url-check.ts';

/** Whether a URL answers as it should. */
export const get = (client: HttpClient) =>
  defineCheck({
    name: 'http/get',
    version: 1,
    summary: 'Does the URL answer?',
    with: z.strictObject(urlWritten),
    resolve: (written) => written,
    input: z.strictObject(urlWritten),
    facts: urlFacts,
    permissions: () => [],
    expectedSeconds: 1,
    ask: ({ url, status, contains, loopback }, context) =>
      askUrl(client, { method: 'GET', url, status, contains, loopback }, context),
    command: ({ url }) =>
      shellLine('curl', '--silent', '--show-error', '--fail', '--max-time', 4, '--write-out', '%{http_code}', url),
  });
