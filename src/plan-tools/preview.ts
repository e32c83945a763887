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
    ...work(graph).flatMap((step) => [`  # ${oneLine(step.title)}`, `  ${byHand(step, registry)}`]),
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
  // What a person reads is a comment: as an argument of `:` bash would take its quotes and brackets apart.
  if (step.uses === 'engine/manual')
    return [
      `# ${oneLine(input.text ?? '')}`,
      ...(input.checklist ?? []).map((item) => `#   [ ] ${oneLine(item)}`),
    ].join('\n  ');
  if (step.uses === 'engine/deadline') return `# If it takes longer than ${sayDuration(input.seconds!)}, roll back.`;
  if (step.uses === 'engine/caught-up') return '# Wait until the newest row of the source is on the standby.';
  return '# See that it holds; if it does not, roll back.';
};

/** A title of several lines would leave the comment that it stands in. */
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');

const variableOf = (step: string, output: string): string =>
  `${step}_${output}`.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');

/**
 * The same as a shell script that a person could go through by hand, step by step: it stops at the first failure and asks
 * before each change. What another step finds out stands as a variable that the person fills in.
 */
export const shellRunbook = (graph: Graph, registry: Registry): string[] => {
  const steps = work(graph);
  const approval = graph.steps.find(({ uses }) => uses === 'engine/approval');
  const rule = approval?.input as { name: string; slots: { name: string }[]; typedWord: string | null } | undefined;
  return [
    '#!/usr/bin/env bash',
    `# ${oneLine(sayGraph(graph))}`,
    '# Written by `mayday plan preview --shell`; the plan is the source, this is a copy to go through by hand.',
    ...(rule
      ? [
          `# Needs the approval of ${rule.slots.map(({ name }) => name).join(' and ')}${rule.typedWord ? `, typing ${rule.typedWord}` : ''} (rule "${oneLine(rule.name)}"; \`mayday plan show\` lists those of other hours).`,
        ]
      : []),
    'set -uo pipefail',
    ...helpers,
    ...steps.flatMap((step, i) => {
      const name = `step_${i + 1}`;
      const needed = referencesIn(step.input).map(({ reference }) => reference);
      const isChange = step.effect === 'change' && !step.uses.startsWith('engine/');
      const title = quote(oneLine(step.title));
      const line = withVariables(withSecrets(byHand(step, registry), step));
      return [
        '',
        `# ${i + 1}. ${oneLine(step.title)}${step.withinSeconds === null ? '' : ` (within ${sayDuration(step.withinSeconds)})`}`,
        ...step.require.map((requirement) => `# Only if: ${oneLine(sayRequirement(requirement))}`),
        ...(step.whenUnreachable ? [`# ${sayUnreachable(step)}`] : []),
        ...needed.map(({ $step, $output }) => {
          const variable = variableOf($step, $output);
          const what =
            $step === 'preview'
              ? 'the moment at which the old place stopped, ISO 8601'
              : `the ${$output} that step ${$step} found`;
          return `need ${variable} ${quote(what)}`;
        }),
        ...(isForPeople(step, line)
          ? [`by_hand ${quote(oneLine(line.replaceAll(/^\s*# ?/gm, '')))}`]
          : [`${name}() {`, `  ${line}`, '}', `${isChange ? 'change' : 'see'} ${title} ${name}`]),
      ];
    }),
  ];
};

/** A person's own work, or what no single command does. */
const isForPeople = (step: Step, line: string): boolean =>
  step.uses === 'engine/manual' || line.trimStart().startsWith('#');

/** Each change is asked for, and may be tried again or left out; each look is repeated until it is good. */
const helpers = [
  'ask() { read -r -p "$1 " answer || { echo "stopped; nothing more was done"; exit 1; }; }',
  'change() {',
  '  while :; do',
  '    ask "$1? [yes, skip, stop]"',
  '    case $answer in',
  '      yes) "$2" && return 0; echo "It failed. Look what it says above." ;;',
  '      skip) echo "left out"; return 0 ;;',
  '      stop) echo "stopped; nothing more was done"; exit 1 ;;',
  '    esac',
  '  done',
  '}',
  'see() {',
  '  echo "$1"',
  '  until "$2"; do',
  '    ask "It is not so yet. [again, skip, stop]"',
  '    case $answer in',
  '      skip) echo "left out"; return 0 ;;',
  '      stop) echo "stopped; nothing more was done"; exit 1 ;;',
  '    esac',
  '  done',
  '}',
  'by_hand() { until ask "$1 [done]"; [ "$answer" = done ]; do :; done; }',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's.
  'need() { while [ -z "${!1:-}" ]; do read -r -p "$1, $2: " "$1" || exit 1; done; }',
];

const sayRequirement = ({ name, uses, input }: Step['require'][number]): string => {
  const { limitSeconds, component } = input as { limitSeconds?: number; component?: string };
  return limitSeconds === undefined
    ? (name ?? uses).replaceAll('-', ' ')
    : `less than ${sayDuration(limitSeconds)} of ${component} would be lost`;
};

const sayUnreachable = ({ whenUnreachable: rule }: Step): string =>
  rule?.rule === 'accept-up-to'
    ? `If it does not answer, leave it out while at most ${sayDuration(rule.seconds)} can be lost; fence it as soon as it is back.`
    : 'If it does not answer, nobody can prove that it takes no more writes: ask who may accept the loss before you leave it out.';

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
