import { openDatabase } from '../../src/journal/database.ts';
import { auditJournal } from '../../src/journal/verify.ts';

/** In a process of its own, so that its memory is that of verifying alone. */
const database = await openDatabase(process.argv[2]!, { migrate: false, poolSize: 3 });
const start = performance.now();
const { entries, bad } = await auditJournal(database.pool);
const seconds = (performance.now() - start) / 1000;
if (bad[0]) throw new Error(`Row ${bad[0].seq} of ${bad[0].stream} does not verify: ${bad[0].why}.`);
await database.close();
process.stdout.write(
  `${JSON.stringify({ entries, rowsPerSecond: entries / seconds, peakMegabytes: process.resourceUsage().maxRSS / 1024 })}\n`,
);
