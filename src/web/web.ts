import Fastify, { type FastifyReply } from 'fastify';
import { type ApproveView, approvePage, pageHeaders, saidPage } from './approve-page.ts';

export interface Health {
  ok: boolean;
  journal: string;
  queue: string;
  chat: string;
  liveRuns: number;
  paused: string[];
  /** How far the checkpoints of the audit trail are, and which second place lacks some; absent without a journal. */
  checkpoints?: object;
  /** How many cards of runs are looked after here, and how far behind the oldest is. */
  cards?: object;
}

export interface WebOptions {
  host: string;
  /** 0 lets the system choose. */
  port: number;
  health(): Promise<Health>;
  /** Counters by name, for Prometheus. */
  counters(): Record<string, number>;
  /** Mailed links by which approvers prove who they are. Both throw one sentence for the person. */
  approvals: {
    /** What a token stands for; uses nothing up. */
    look(token: string): Promise<ApproveView>;
    /** Says yes with it; returns what came of it. */
    approve(token: string): Promise<{ title: string; text: string }>;
  };
}

/** Health and metrics, for machines, and the links that approvers are mailed. Health answers 503 while no new change could be made. */
export const startWeb = async (options: WebOptions): Promise<{ url: string; close(): Promise<void> }> => {
  const app = Fastify({ logger: false });
  app.get('/health', async (_, reply) => {
    const health = await options.health();
    return reply.code(health.ok ? 200 : 503).send(health);
  });
  app.get('/metrics', async (_, reply) =>
    reply.type('text/plain; version=0.0.4').send(
      Object.entries(options.counters())
        .map(([name, value]) => `# TYPE mayday_${name} counter\nmayday_${name} ${value}\n`)
        .join(''),
    ),
  );
  // A form without fields; whatever comes in its body says nothing.
  app.addContentTypeParser('application/x-www-form-urlencoded', (_, payload, done) => {
    payload.resume();
    done(null, undefined);
  });
  const answer = async (reply: FastifyReply, html: Promise<string>) => {
    try {
      return await reply.headers(pageHeaders).send(await html);
    } catch (error) {
      return reply
        .code(403)
        .headers(pageHeaders)
        .send(saidPage('Not approved', (error as Error).message));
    }
  };
  app.get<{ Params: { token: string } }>('/approve/:token', (request, reply) =>
    answer(reply, options.approvals.look(request.params.token).then(approvePage)),
  );
  app.post<{ Params: { token: string } }>('/approve/:token', (request, reply) =>
    answer(
      reply,
      options.approvals.approve(request.params.token).then(({ title, text }) => saidPage(title, text)),
    ),
  );
  const url = await app.listen({ host: options.host, port: options.port });
  return { url, close: () => app.close() };
};
