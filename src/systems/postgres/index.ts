import type { System, SystemTools } from '../../define.ts';
import { liftInheritedFence } from './actions/lift-inherited-fence.ts';
import { makeReadOnly } from './actions/make-read-only.ts';
import { pauseReplay } from './actions/pause-replay.ts';
import { promote } from './actions/promote.ts';
import { resumeReplay } from './actions/resume-replay.ts';
import { acceptsWrites } from './checks/accepts-writes.ts';
import { answers } from './checks/answers.ts';
import { deadTuples } from './checks/dead-tuples.ts';
import { lagBelow } from './checks/lag-below.ts';
import { newestRow } from './checks/newest-row.ts';
import { rowCount } from './checks/row-count.ts';
import { createDatabases } from './client.ts';
import type { PostgresSettings } from './config.ts';
import { postgresStreaming } from './kinds/postgres-streaming.ts';

export { type PostgresSettings, postgresSettings } from './config.ts';

export const createPostgres = (_settings: PostgresSettings, tools: SystemTools): System => {
  const databases = createDatabases(tools);
  return {
    name: 'postgres',
    actions: [
      liftInheritedFence(databases),
      makeReadOnly(databases),
      pauseReplay(databases),
      promote(databases),
      resumeReplay(databases),
    ],
    checks: [
      acceptsWrites(databases),
      answers(databases),
      deadTuples(databases),
      lagBelow(databases),
      newestRow(databases),
      rowCount(databases),
    ],
    kinds: [postgresStreaming(databases)],
    close: async () => {},
  };
};
