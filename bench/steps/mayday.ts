import { verifyJournal } from '../../src/journal/verify.ts';
import { chainStep, graphOf, openEngine } from '../engine.ts';
import { measureChain, stepsPerRun } from './chain.ts';

/** Chains through the real journal, queue and worker: the step that follows begins when the one before it is durable. */
const engine = await openEngine(process.argv[2]!);
const graph = graphOf(Array.from({ length: stepsPerRun }, (_, index) => chainStep(index)));
const measured = await measureChain(async () => void (await engine.play(graph)));
const { firstBad } = await verifyJournal(engine.database.pool);
if (firstBad) throw new Error(`The journal does not verify: ${firstBad.why}.`);
await engine.close();
process.stdout.write(`${JSON.stringify(measured)}\n`);
