import { readOwnSettings } from '../config.ts';
import { createRunDirectory } from '../run-directory.ts';
import { runFacts } from '../run-facts.ts';
import { createTemplates } from '../templates/render.ts';
import { withJournal } from './open.ts';
import { print, printJson } from './print.ts';
import { viewRun } from './run-view.ts';

export const list = async (options: { json: boolean }): Promise<void> => {
  const runs = await withJournal(process.env, ({ database, store }) => createRunDirectory(database.pool, store).list());
  if (options.json) return printJson(runs);
  if (runs.length === 0) return print('There are no runs.');
  for (const run of runs)
    print(
      `${run.id}  ${run.createdAt.slice(0, 16).replace('T', ' ')}Z  ${run.status.padEnd(20)}  ${run.flow} of ${run.scope} of ${run.plan}`,
    );
};

export const show = async (id: string, options: { json: boolean; report: boolean }): Promise<void> =>
  withJournal(process.env, async ({ database, store, clock, environment }) => {
    if (options.json || options.report) {
      const state = await (await store.open(id)).refresh();
      if (options.json) return printJson(viewRun(state));
      const templates = createTemplates(readOwnSettings(environment).MAYDAY_TEMPLATES);
      return print(templates.render('report/run', runFacts(state, clock.now())));
    }
    print(await createRunDirectory(database.pool, store).describe(id));
  });
