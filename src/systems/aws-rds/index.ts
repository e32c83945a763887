import type { System, SystemTools } from '../../define.ts';
import { createReadReplica } from './actions/create-read-replica.ts';
import { failoverGlobal } from './actions/failover-global.ts';
import { promoteReadReplica } from './actions/promote-read-replica.ts';
import { rebootWithFailover } from './actions/reboot-with-failover.ts';
import { renameInstance } from './actions/rename-instance.ts';
import { restoreToPointInTime } from './actions/restore-to-point-in-time.ts';
import { switchoverBlueGreen } from './actions/switchover-blue-green.ts';
import { switchoverGlobal } from './actions/switchover-global.ts';
import { instanceAvailable } from './checks/instance-available.ts';
import { lagBelow } from './checks/lag-below.ts';
import { createRdsClients } from './client.ts';
import type { AwsRdsSettings } from './config.ts';
import { auroraGlobal } from './kinds/aurora-global.ts';
import { rdsPostgresql } from './kinds/rds-postgresql.ts';
import { createReplicaLag } from './replica-lag.ts';

export { type AwsRdsSettings, awsRdsSettings } from './config.ts';

export const createAwsRds = (settings: AwsRdsSettings, _tools: SystemTools): System => {
  const clients = createRdsClients(settings);
  const lag = createReplicaLag(settings);
  return {
    name: 'aws-rds',
    actions: [
      createReadReplica(clients),
      failoverGlobal(clients),
      promoteReadReplica(clients),
      rebootWithFailover(clients),
      renameInstance(clients),
      restoreToPointInTime(clients),
      switchoverBlueGreen(clients),
      switchoverGlobal(clients),
    ],
    checks: [instanceAvailable(clients), lagBelow(lag)],
    kinds: [auroraGlobal(clients), rdsPostgresql(clients)],
    close: async () => {
      clients.close();
      lag.close();
    },
  };
};
