import { openDatabase } from '../../src/journal/database.ts';
import { type AuditQuery, searchAudit } from '../../src/journal/search.ts';
import { people, personName, rowsPerRun, runName } from './fill.ts';

const questions = 600;

/** Questions as auditors ask them, each kind as often as the others, one after the other. */
const database = await openDatabase(process.argv[2]!, { migrate: false, poolSize: 3 });
const runs = Number(process.argv[3]) / rowsPerRun;
const any = (below: number) => Math.floor(Math.random() * below);
const day = (offset: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + offset * 86_400_000).toISOString();
const days = (runs * 600_000) / 86_400_000;
const kinds: (() => Omit<AuditQuery, 'limit'>)[] = [
  () => ({ who: personName(any(people)) }),
  () => ({ who: `Person ${any(people)}` }),
  () => ({ run: runName(any(runs)) }),
  () => ({ incident: `i-${runName(any(runs)).slice(2)}` }),
  () => ({ since: day(any(days)), until: day(any(days)) }),
  () => ({ what: `alarm ${any(runs)}` }),
  () => ({ what: 'succeeded' }),
  () => ({ what: `replica-${any(1000)}.example.com` }),
  () => ({ what: 'approval given', who: personName(any(people)) }),
  () => ({ what: 'available primary', since: day(any(days)) }),
];
// The first ones wait for the disk, not for the search.
for (let i = 0; i < 100; i += 1) await searchAudit(database.pool, { ...kinds[i % kinds.length]!(), limit: 50 });
const times: number[] = [];
let found = 0;
for (let i = 0; i < questions; i += 1) {
  const question = { ...kinds[i % kinds.length]!(), limit: 50 };
  const start = performance.now();
  found += (await searchAudit(database.pool, question)).length;
  const took = performance.now() - start;
  times.push(took);
  if (process.env['BENCH_SLOW'] && took > 30)
    process.stderr.write(`${took.toFixed(0)} ms ${JSON.stringify(question)}\n`);
}
await database.close();
times.sort((a, b) => a - b);
const at = (share: number) => times[Math.floor(times.length * share)]!;
process.stdout.write(`${JSON.stringify({ found, p50Ms: at(0.5), p99Ms: at(0.99), mostMs: times.at(-1) })}\n`);
