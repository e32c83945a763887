import { createHmac } from 'node:crypto';
import { connect } from 'node:net';

/**
 * Keeps a number of connections busy with signed `/dr help` commands, each with a trigger of its own, and prints how
 * many were acknowledged and how long each took. Plain sockets, so that the generator is not what is measured.
 * Usage: load.ts <url> <response url> <connections> <warm-up seconds> <seconds>
 */
const [url = '', responseUrl = '', ...numbers] = process.argv.slice(2);
const [connections, warmUpSeconds, seconds] = numbers.map(Number) as [number, number, number];
const secret = process.env['SLACK_SIGNING_SECRET']!;
const { hostname, port } = new URL(url);

let sent = 0;
const commandRequest = (): string => {
  sent += 1;
  const body = new URLSearchParams({
    team_id: process.env['BENCH_TEAM'] ?? 'T0BENCH01',
    user_id: process.env['BENCH_USER'] ?? 'U0BENCH01',
    user_name: 'bench',
    channel_id: 'C0BENCH01',
    command: '/dr',
    text: 'help',
    api_app_id: 'A0BENCH01',
    trigger_id: `${process.pid}.${Date.now()}.${sent}`,
    response_url: `${responseUrl}/commands/${sent}`,
  }).toString();
  const timestamp = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return [
    'POST /slack/events HTTP/1.1',
    `Host: ${hostname}:${port}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Slack-Request-Timestamp: ${timestamp}`,
    `X-Slack-Signature: v0=${signature}`,
    '',
    body,
  ].join('\r\n');
};

const latencies: number[] = [];
let refused = 0;
let measuring = false;
let running = true;

/** One request at a time on one connection, as Slack would wait for each. */
const keepBusy = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.setNoDelay(true);
    let startedAt = 0;
    let received = '';
    const next = () => {
      if (!running) return socket.end(resolve);
      received = '';
      startedAt = performance.now();
      socket.write(commandRequest());
    };
    socket.on('connect', next);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = /^content-length: (\d+)/im.exec(received.slice(0, end))?.[1];
      const chunked = /^transfer-encoding: chunked/im.test(received.slice(0, end));
      if (chunked ? !received.endsWith('0\r\n\r\n') : received.length < end + 4 + Number(length ?? 0)) return;
      if (!received.startsWith('HTTP/1.1 200')) refused += 1;
      else if (measuring) latencies.push(performance.now() - startedAt);
      next();
    });
    socket.on('error', (error) => (running ? reject(error) : resolve()));
    socket.on('close', () => (running ? reject(new Error('The server closed a connection.')) : resolve()));
  });

const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time * 1000));
const busy = Promise.all(Array.from({ length: connections }, keepBusy));
busy.catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
await pause(warmUpSeconds);
measuring = true;
const start = performance.now();
await pause(seconds);
measuring = false;
const took = (performance.now() - start) / 1000;
running = false;
latencies.sort((a, b) => a - b);
const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? null;
process.stdout.write(
  `${JSON.stringify({ perSecond: latencies.length / took, p50Ms: at(0.5), p99Ms: at(0.99), refused, requests: sent })}\n`,
);
process.exit(0);
