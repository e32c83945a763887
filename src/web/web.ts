import Fastify from 'fastify';

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
}

/** Health and metrics, for machines. Answers 503 while no new change could be made. */
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
  const url = await app.listen({ host: options.host, port: options.port });
  return { url, close: () => app.close() };
};
