import type { System, SystemTools } from '../../define.ts';
import { promoteReadReplica } from './actions/promote-read-replica.ts';
import { restoreToPointInTime } from './actions/restore-to-point-in-time.ts';
import { instanceAvailable } from './checks/instance-available.ts';
import { createRdsClients } from './client.ts';
import type { AwsRdsSettings } from './config.ts';
import { rdsPostgresql } from './kinds/rds-postgresql.ts';

export { type AwsRdsSettings, awsRdsSettings } from './config.ts';

export const createAwsRds = (settings: AwsRdsSettings, _tools: SystemTools): System => {
  const clients = createRdsClients(settings);
  return {
    name: 'aws-rds',
    actions: [promoteReadReplica(clients), restoreToPointInTime(clients)],
    checks: [instanceAvailable(clients)],
    kinds: [rdsPostgresql(clients)],
    close: async () => clients.close(),
  };
};
