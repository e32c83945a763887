import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Where answers to `response_url` go: counts them and keeps nothing. GET says how many came. It stands in for Slack's API
 * as well, for Mayday answers nowhere else: the workspace is the generator's, and nobody in it is known.
 */
let answers = 0;
const api: Record<string, object> = {
  '/api/auth.test': { ok: true, team_id: process.env['BENCH_TEAM'] ?? 'T0BENCH01', user_id: 'U0BENCHBOT' },
};
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    const path = request.url ?? '/';
    if (path.startsWith('/api/')) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(api[path] ?? { ok: false, error: 'user_not_found' }));
      return;
    }
    if (request.method === 'POST') answers += 1;
    response.end(String(answers));
  });
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
