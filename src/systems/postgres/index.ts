import type { System, SystemTools } from '../../define.ts';
import { makeReadOnly } from './actions/make-read-only.ts';
import { acceptsWrites } from './checks/accepts-writes.ts';
import { answers } from './checks/answers.ts';
import { deadTuples } from './checks/dead-tuples.ts';
import { newestRow } from './checks/newest-row.ts';
import { rowCount } from './checks/row-count.ts';
import { createDatabases } from './client.ts';
import type { PostgresSettings } from './config.ts';

export { type PostgresSettings, postgresSettings } from './config.ts';

export const createPostgres = (_settings: PostgresSettings, tools: SystemTools): System => {
  const databases = createDatabases(tools);
  return {
    name: 'postgres',
    actions: [makeReadOnly(databases)],
    checks: [
      acceptsWrites(databases),
      answers(databases),
      deadTuples(databases),
      newestRow(databases),
      rowCount(databases),
    ],
    kinds: [],
    close: async () => {},
  };
};
