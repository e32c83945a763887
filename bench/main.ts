import { measureAcknowledging } from './acknowledge/acknowledge.ts';
import { measureAudit } from './audit/audit.ts';
import { measureFlight } from './flight/flight.ts';
import { measureFlood } from './flood/flood.ts';
import { measureOverhead } from './overhead/overhead.ts';
import { measurePlans } from './plans/plans.ts';
import { measureSlack } from './slack/slack.ts';
import { measureSteps } from './steps/steps.ts';

/** Each figure comes from one run, here and now; `npm run bench -- steps` measures one part only. */
const wanted = process.argv.slice(2);
const part = async (name: string, work: () => Promise<string[]>): Promise<void> => {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  for (const line of await work()) process.stdout.write(`${line}\n`);
};
const goal = (holds: boolean, text: string): string => `${text}: ${holds ? 'met' : 'MISSED'}`;

await part('acknowledge', async () => {
  const { bolt, mayday, ratio, journalled, answeredAfterSeconds } = await measureAcknowledging();
  const say = (load: typeof bolt) =>
    `${load.perSecond.toFixed(0)}/s, p50 ${load.p50Ms.toFixed(1)} ms, p99 ${load.p99Ms.toFixed(1)} ms, ${load.refused} refused`;
  return [
    'Slash command acknowledged, 50 connections',
    `  bare Bolt, acknowledges only      ${say(bolt)}`,
    `  Mayday, after the durable append  ${say(mayday)}`,
    `  all ${journalled} are in the journal and were answered, the last ${answeredAfterSeconds.toFixed(1)} s after the load ended`,
    `  ratio ${ratio.toFixed(2)}  (${goal(ratio >= 0.3, 'goal at least 0.3')}; ${goal(mayday.p99Ms < 150, 'p99 below 150 ms')})`,
  ];
});
await part('steps', async () => {
  const { mayday, dbos, aloneRatio, atOnceRatio } = await measureSteps();
  const say = ({ alonePerSecond, atOncePerSecond }: typeof mayday) =>
    `one run alone ${alonePerSecond.toFixed(0)}/s, 50 at once ${atOncePerSecond.toFixed(0)}/s`;
  return [
    'Steps a second, 20 steps in a chain for each run, each durable before the next',
    `  DBOS Transact 5.3                  ${say(dbos)}`,
    `  Mayday                             ${say(mayday)}`,
    `  ratio alone ${aloneRatio.toFixed(2)}  (${goal(aloneRatio >= 2, 'goal at least 2')}), at once ${atOnceRatio.toFixed(2)}  (${goal(atOnceRatio >= 3, 'goal at least 3')})`,
  ];
});
await part('audit', async () => {
  const { rows, few, many, verifyRatio, memoryRatio, indexPerSecond, search } = await measureAudit();
  return [
    `Audit trail of ${rows} entries`,
    `  verified    ${many.rowsPerSecond.toFixed(0)} entries/s, ${verifyRatio.toFixed(2)} times as fast as for a tenth of them  (${goal(many.rowsPerSecond >= 100_000, 'goal at least 100,000/s')})`,
    `  memory      ${many.peakMegabytes.toFixed(0)} MB against ${few.peakMegabytes.toFixed(0)} MB for a tenth of them, ratio ${memoryRatio.toFixed(2)}  (${goal(memoryRatio <= 1.5, 'goal at most 1.5')})`,
    `  indexed     ${indexPerSecond.toFixed(0)} entries/s, behind the journal`,
    `  searched    p50 ${search.p50Ms.toFixed(1)} ms, p99 ${search.p99Ms.toFixed(1)} ms  (${goal(search.p99Ms < 50, 'goal p99 below 50 ms')})`,
  ];
});
await part('flight', async () => {
  const { runs, seconds, latestMs, medianMs, peakMegabytes } = await measureFlight();
  return [
    `${runs} runs in flight at once, 20 steps each, four of them waits of some seconds`,
    `  all succeeded within ${seconds.toFixed(0)} s`,
    `  steps late   p50 ${medianMs.toFixed(0)} ms, the latest ${latestMs.toFixed(0)} ms  (${goal(latestMs <= 2_000, 'goal at most 2 s')})`,
    `  memory       ${peakMegabytes.toFixed(0)} MB  (${goal(peakMegabytes < 500, 'goal below 500 MB')})`,
  ];
});
await part('slack', async () => {
  const found = await measureSlack();
  return [
    'Slack, as the sandbox counts it',
    `  command to card   p50 ${found.p50Ms.toFixed(0)} ms, longest of ${found.commands} ${found.p99Ms.toFixed(0)} ms  (${goal(found.p50Ms < 150, 'goal p50 below 150 ms')})`,
    `  one live run      each of ${found.events} events on its card within ${found.latestSeconds.toFixed(2)} s  (${goal(found.latestSeconds <= 2, 'goal at most 2 s')})`,
    `  ${found.incidents} incidents     ${found.limited} calls too many  (${goal(found.limited === 0, 'goal 0')}); ${found.updates} updates in two minutes, the oldest card ${found.oldestCardSeconds.toFixed(0)} s behind`,
  ];
});
await part('flood', async () => {
  const found = await measureFlood();
  const said = (values: number[]) => values.map((value) => `${value.toFixed(2)} s`).join(' and ');
  const sent = found.floods.reduce((sum, each) => sum + each.sent, 0);
  const rates = found.floods.map(({ perSecond }) => perSecond.toFixed(0)).join(' and ');
  const statuses: Record<string, number> = {};
  for (const each of found.floods)
    for (const [code, count] of Object.entries(each.statuses)) statuses[code] = (statuses[code] ?? 0) + count;
  return [
    `${sent} bad requests of ${found.floods[0]!.kinds} kinds at the door while a run goes through`,
    `  sent         ${rates} a second for 30 s each, answered ${found.floods.reduce((sum, each) => sum + each.answered, 0)}: ${Object.entries(
      statuses,
    )
      .map(([code, count]) => `${code} ${count}`)
      .join(', ')}`,
    `  came of it   ${found.started} runs begun, ${found.crashes} crashes, journal ${found.verified ? 'verified' : 'BROKEN'} with ${found.gaps} gaps, ${found.refusedInJournal} refusals on record  (${goal(
      found.started === 0 && found.crashes === 0 && found.verified && found.gaps === 0,
      'goal none, none and none',
    )})`,
    `  the run      quiet ${said(found.quiet)}, flooded ${said(found.flooded)}`,
    `  ratio ${found.ratio.toFixed(3)}  (${goal(found.ratio <= 1.05, 'goal at most 1.05')})`,
  ];
});
await part('overhead', async () => {
  const { ratio, wallSeconds, criticalPathSeconds, realSeconds, phases } = await measureOverhead();
  return [
    'Failover of the whole Region, human waits excluded, against its critical path by the ledger',
    `  ${wallSeconds.toFixed(1)} s of the world against ${criticalPathSeconds.toFixed(1)} s (${realSeconds.toFixed(1)} real seconds)`,
    `  ${Object.entries(phases)
      .map(([name, seconds]) => `${name} ${seconds ?? '–'} s`)
      .join(', ')}`,
    `  ratio ${ratio.toFixed(3)}  (${goal(ratio <= 1.05, 'goal at most 1.05')})`,
  ];
});
await part('plans', async () => {
  const { overhead, table } = await measurePlans();
  const said = (seconds: number | null) => (seconds === null ? '–' : `${seconds.toFixed(0)} s`);
  return [
    "Each plan's Region failover with its document's own durations: fence, work and proof against the ledger's critical path",
    ...overhead.map(
      ({ run, wallSeconds, pathSeconds, realSeconds, ratio }) =>
        `  ${run.padEnd(34)} ${wallSeconds.toFixed(1).padStart(7)} s of ${pathSeconds.toFixed(1).padStart(6)} s (${realSeconds.toFixed(1)} real seconds)  ratio ${ratio.toFixed(3)}  (${goal(ratio <= 1.05, 'goal at most 1.05')})`,
    ),
    '  row   what                              the document                   here',
    ...table.map(
      ({ row, what, document, seconds, kept, outcome }) =>
        `  ${row.padEnd(5)} ${what.padEnd(33)} ${document.padEnd(30)} ${said(seconds).padStart(7)}  ${outcome === 'succeeded' ? (kept ? 'kept' : 'MISSED') : outcome}`,
    ),
  ];
});
