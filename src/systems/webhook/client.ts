import type { SystemTools } from '../../define.ts';
import { createHttpClient } from '../http-client.ts';
import { webhookFailure } from './errors.ts';

export interface Webhooks {
  /** Posts JSON once; resolves with the status when the receiver took it. */
  post(
    call: { url: string; body: unknown; key: string; secrets: Record<string, string> },
    signal: AbortSignal,
  ): Promise<number>;
}

export const createWebhooks = (tools: SystemTools): Webhooks => {
  const http = createHttpClient(tools);
  return {
    async post({ url, body, key, secrets }, signal) {
      const values = Object.entries(secrets).map(
        ([header, env]) => [header, tools.secret({ env }, `the header ${header} of a webhook`)] as const,
      );
      const answer = await http.ask(
        {
          method: 'POST',
          url,
          body: JSON.stringify(body),
          headers: { ...Object.fromEntries(values), 'idempotency-key': key },
          changing: true,
        },
        signal,
      );
      if (answer.status >= 200 && answer.status < 300) return answer.status;
      const where = new URL(url);
      // Paths of webhooks are often secrets themselves.
      const known = [...values.map(([, value]) => value), where.pathname].filter((text) => text.length > 1);
      throw webhookFailure(answer, `POST ${where.origin}`, known);
    },
  };
};
