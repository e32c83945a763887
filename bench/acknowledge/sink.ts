import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where answers to `response_url` go: counts them and keeps nothing. GET says how many came. */
let answers = 0;
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    if (request.method === 'POST') answers += 1;
    response.end(String(answers));
  });
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
