import type { Clock, Log, LossInput } from '../define.ts';
import type { LossReading } from '../engine/ports.ts';
import { type PreviewOutput, previewGraph } from '../engine/preview.ts';
import { sayDuration } from '../plan/duration.ts';
import type { Graph, Step } from '../plan/graph.ts';
import { referencesIn } from '../plan/references.ts';
import type { Registry } from '../plan/registry.ts';
import { sayGraph } from './graph-text.ts';
import { layout } from './layout.ts';
import { commandOf } from './plan-details.ts';

export interface PreviewTools {
  registry: Registry;
  clock: Clock;
  log: Log;
  /** What would be lost; the watch's record makes it exact, without one only what the standby has is known. */
  readLoss(plan: string, input: LossInput, signal: AbortSignal): Promise<LossReading>;
}

export interface PlanPreview extends PreviewOutput {
  /** Whether what the plan requires would let it begin, asked now. */
  requirements: { step: string; check: string; answer: string; because: string }[];
}

/** Reads the world as the approval card of a run would, and changes nothing. */
export const previewPlan = async (graph: Graph, tools: PreviewTools): Promise<PlanPreview> => {
  const signal = AbortSignal.timeout(30_000);
  const losses = graph.steps.find(({ uses }) => uses === 'engine/preview')?.input as
    | { losses?: LossInput[] }
    | undefined;
  const context = { clock: tools.clock, log: tools.log, signal };
  const [seen, requirements] = await Promise.all([
    previewGraph(graph, losses?.losses ?? [], { ...tools, signal }),
    Promise.all(
      graph.steps.flatMap((step) =>
        step.require
          .filter(({ uses }) => !uses.startsWith('engine/'))
          .map(async ({ uses, input, name }) => {
            const check = tools.registry.checks.get(uses)!;
            const answer = await check
              .ask(check.input.parse(input), context)
              .catch((error: Error) => ({ answer: 'unknown', because: error.message }));
            return { step: step.id, check: name ?? uses, answer: answer.answer, because: answer.because };
          }),
      ),
    ),
  ]);
  return { ...seen, requirements };
};

/** For each resource what it is and what it would become, the loss to expect, and each step's own line. */
export const previewText = (graph: Graph, preview: PlanPreview, registry: Registry): string[] => {
  const { seconds } = layout(graph.steps);
  return [
    `${sayGraph(graph)}. Nothing was changed: this only looks.`,
    `Account ${graph.account ?? 'not named'}; expected to take ${sayDuration(seconds)} after the approval, ${sayDuration(graph.objectives.rtoSeconds)} allowed.`,
    '',
    'Now → then',
    ...preview.changes.map(
      ({ resource, region, now, then, step }) =>
        `  ${resource}${region ? ` (${region})` : ''}: ${now} → ${then}   [${step}]`,
    ),
    ...(preview.losses.length > 0 ? ['', 'Expected loss', ...preview.losses.map(({ because }) => `  ${because}`)] : []),
    ...(preview.requirements.length > 0
      ? [
          '',
          'Required just before',
          ...preview.requirements.map(
            ({ step, check, answer, because }) => `  ${step}: ${check}: ${answer} (${because})`,
          ),
        ]
      : []),
    '',
    'The same by hand',
    ...work(graph).flatMap((step) => [`  # ${step.title}`, `  ${byHand(step, registry)}`]),
  ];
};

/** What a run does to the world and how it proves it; what it says to people is left to them. */
const work = (graph: Graph): Step[] =>
  ordered(
    graph.steps.filter(
      (step) =>
        step.effect !== 'notice' &&
        step.undoes === undefined &&
        (step.phase === 'fence' || step.phase === 'execute' || step.phase === 'verify'),
    ),
  );

/** In an order in which one person could do them: each after what it waits for. */
const ordered = (steps: Step[]): Step[] => {
  const left = new Map(steps.map((step) => [step.id, step]));
  const done: Step[] = [];
  while (left.size > 0) {
    const next = [...left.values()].find((step) => [...step.needs, ...step.after].every((id) => !left.has(id)));
    if (!next) return [...done, ...left.values()];
    left.delete(next.id);
    done.push(next);
  }
  return done;
};

const byHand = (step: Step, registry: Registry): string => {
  if (!step.uses.startsWith('engine/')) return commandOf(step, registry);
  const input = step.input as { seconds?: number; text?: string; checklist?: string[]; steps?: string[] };
  if (step.uses === 'engine/wait') return `sleep ${input.seconds}`;
  if (step.uses === 'engine/manual')
    return [`: ${input.text ?? ''}`, ...(input.checklist ?? []).map((item) => `:   [ ] ${item}`)].join('\n  ');
  if (step.uses === 'engine/deadline') return `: if it takes longer than ${sayDuration(input.seconds!)}, roll back`;
  if (step.uses === 'engine/caught-up') return ': wait until the newest row of the source is on the standby';
  return ': see that it holds; if it does not, roll back';
};

const variableOf = (step: string, output: string): string =>
  `${step}_${output}`.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');

/**
 * The same as a shell script that a person could go through by hand, step by step: it stops at the first failure and asks
 * before each change. What another step finds out stands as a variable that the person fills in.
 */
export const shellRunbook = (graph: Graph, registry: Registry): string[] => {
  const steps = work(graph);
  const approval = graph.steps.find(({ uses }) => uses === 'engine/approval');
  const slots = (approval?.input as { slots?: { name: string }[] } | undefined)?.slots ?? [];
  return [
    '#!/usr/bin/env bash',
    `# ${sayGraph(graph)}`,
    '# Written by `mayday plan preview --shell`; the plan is the source, this is a copy to go through by hand.',
    ...(slots.length > 0 ? [`# Needs the approval of: ${slots.map(({ name }) => name).join(' and ')}.`] : []),
    'set -euo pipefail',
    'confirm() { read -r -p "$1 [type yes] " answer; [ "$answer" = yes ] || { echo "stopped; nothing more was done"; exit 1; }; }',
    ...steps.flatMap((step, i) => {
      const needed = referencesIn(step.input).map(({ reference }) => reference);
      const isChange = step.effect === 'change' && !step.uses.startsWith('engine/');
      return [
        '',
        `# ${i + 1}. ${step.title}${step.withinSeconds === null ? '' : ` (within ${sayDuration(step.withinSeconds)})`}`,
        ...needed.map(({ $step, $output }) => {
          const name = variableOf($step, $output);
          return `: "\${${name}:?set it to the ${$output} that step ${$step} found}"`;
        }),
        ...(step.uses === 'engine/manual'
          ? [`confirm ${quote(`Done: ${(step.input as { text: string }).text}?`)}`]
          : isChange
            ? [`confirm ${quote(`${step.title}?`)}`]
            : []),
        withVariables(withSecrets(byHand(step, registry), step)),
      ];
    }),
  ];
};

/** A line never shows a Secret's value, but `<key>`; where another step finds it out it is that step's to fill in. */
const withSecrets = (line: string, step: Step): string =>
  referencesIn(step.input).reduce(
    (text, { reference, path }) => text.replaceAll(`<${path.at(-1)}>`, `<${reference.$output} of ${reference.$step}>`),
    line,
  );

/** `<endpoint of promote>` as the variable of it; it stands in single quotes, which are closed around it. */
const withVariables = (line: string): string =>
  line.replaceAll(
    /<([A-Za-z]+) of ([a-z0-9-]+)>/g,
    (_, output: string, step: string) => `'"$${variableOf(step, output)}"'`,
  );

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
