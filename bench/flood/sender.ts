import { connect, type Socket } from 'node:net';
import { asRequest, createMix, goodCommand, oversized } from './requests.ts';

/**
 * Sends so many bad requests a second for so many seconds over a few connections, one behind the other, and prints how they
 * were answered. Plain sockets and bytes made beforehand: two cores are shared with what is measured.
 * Usage: sender.ts <url> <requests a second> <seconds>
 */
const [url = '', ...numbers] = process.argv.slice(2);
const [perSecond, duration] = numbers.map(Number) as [number, number];
const secret = process.env['SLACK_SIGNING_SECRET']!;
const { hostname, port } = new URL(url);

const connections = 8;
const tickMs = 20;
/** So many of a hundred thousand are larger than is read: each of them costs a connection. */
const oversizedEvery = 2_000;

const statuses: Record<string, number> = {};
let sent = 0;
let answered = 0;
let reconnected = 0;
let accepted = 0;

const status = /HTTP\/1\.1 (\d{3})/g;

const open = (): { socket: Socket; pending: number } => {
  const line = { socket: connect({ host: hostname, port: Number(port), noDelay: true }), pending: 0 };
  let tail = '';
  line.socket.on('data', (chunk) => {
    const text = tail + chunk.toString('latin1');
    let end = 0;
    for (const match of text.matchAll(status)) {
      statuses[match[1]!] = (statuses[match[1]!] ?? 0) + 1;
      answered += 1;
      line.pending -= 1;
      end = match.index + match[0].length;
    }
    tail = text.slice(Math.max(end, text.length - 11));
  });
  line.socket.on('error', () => {});
  return line;
};

const single = (bytes: Buffer): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.once('data', (chunk) => {
      socket.destroy();
      resolve(chunk.toString('latin1').slice(9, 12));
    });
    socket.on('error', () => resolve('lost'));
    socket.on('close', () => resolve('lost'));
    socket.write(bytes);
  });

const replayed = goodCommand();
if ((await single(asRequest(secret, replayed).bytes)) !== '200') throw new Error('The good command was not taken.');
const mix = createMix(secret, replayed);
const large = oversized(secret);
const lines = Array.from({ length: connections }, open);

const startedAt = performance.now();
await new Promise<void>((resolve) => {
  let turn = 0;
  const tick = () => {
    const elapsed = performance.now() - startedAt;
    if (elapsed >= duration * 1000) return resolve();
    const due = Math.floor((elapsed / 1000) * perSecond) - sent;
    const batches: Buffer[][] = lines.map(() => []);
    for (let i = 0; i < due; i += 1) {
      turn = (turn + 1) % lines.length;
      if (sent % oversizedEvery === oversizedEvery - 1)
        void single(large.bytes).then((code) => {
          statuses[code] = (statuses[code] ?? 0) + 1;
          answered += 1;
        });
      else {
        batches[turn]!.push(mix.next().bytes);
        lines[turn]!.pending += 1;
      }
      sent += 1;
    }
    for (const [i, batch] of batches.entries()) {
      if (batch.length === 0) continue;
      if (lines[i]!.socket.destroyed) {
        reconnected += 1;
        lines[i] = open();
      }
      lines[i]!.socket.write(Buffer.concat(batch));
    }
    setTimeout(tick, tickMs);
  };
  tick();
});
const took = (performance.now() - startedAt) / 1000;
for (let i = 0; i < 100 && answered < sent; i += 1) await new Promise((resolve) => setTimeout(resolve, 50));
accepted = statuses['200'] ?? 0;
process.stdout.write(
  `${JSON.stringify({ perSecond: sent / took, sent, answered, accepted, reconnected, kinds: mix.kinds, statuses })}\n`,
);
process.exit(0);
