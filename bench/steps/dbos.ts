import { measureChain, stepsPerRun } from './chain.ts';

/** Only what is used here; the package belongs to this folder alone, so types are checked where it is not installed. */
interface Dbos {
  setConfig(config: object): void;
  registerWorkflow(work: () => Promise<void>, options: { name: string }): () => Promise<void>;
  runStep(work: () => Promise<object>, options: { name: string }): Promise<object>;
  launch(): Promise<void>;
  shutdown(): Promise<void>;
}

/** DBOS Transact as its documentation shows it: each step's result is durable before the next one begins. */
const packageName: string = '@dbos-inc/dbos-sdk';
const { DBOS } = (await import(packageName)) as { DBOS: Dbos };
DBOS.setConfig({
  name: 'bench',
  systemDatabaseUrl: process.argv[2],
  systemDatabasePoolSize: 12,
  logLevel: 'error',
  runAdminServer: false,
});
const play = DBOS.registerWorkflow(
  async () => {
    for (let step = 0; step < stepsPerRun; step += 1) await DBOS.runStep(async () => ({}), { name: `step-${step}` });
  },
  { name: 'chain' },
);
await DBOS.launch();
const measured = await measureChain(play);
process.stdout.write(`${JSON.stringify(measured)}\n`);
await DBOS.shutdown();
process.exit(0);
