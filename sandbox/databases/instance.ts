import type { Table } from './tables.ts';

export type InstanceStatus =
  | 'available'
  | 'creating'
  | 'backing-up'
  | 'modifying'
  | 'rebooting'
  | 'renaming'
  | 'deleting';

/** Who runs a database of the world: RDS, Aurora, its owner by streaming replication, or Patroni. */
export type RunBy = 'rds' | 'aurora' | 'streaming' | 'patroni';

/** One database instance of the world, as its owner sees it, and the real database that stands for it. */
export interface Instance {
  /** At RDS what it is called there; otherwise its host. */
  id: string;
  runBy: RunBy;
  region: string;
  account: string;
  status: InstanceStatus;
  /** The instance that it replicates from; set until a promotion is through. */
  source?: { id: string; region: string };
  /** True from the moment when a promotion was accepted: nothing is replayed any more. */
  detached: boolean;
  writable: boolean;
  /** A standby that holds back what it receives. */
  replayPaused: boolean;
  /** The application's sessions of before are cut, and it has not connected again yet. */
  unconnected?: boolean;
  /** Sessions are let in: not while it is created, rebooted or deleted. */
  open: boolean;
  endpoint: string;
  port: number;
  /** What the application calls its database and user. */
  databaseName: string;
  user: string;
  /** The real database and role behind the gateway. */
  physicalDatabase: string;
  physicalRole: string;
  tables: Table[];
  createdAt: Date;
  multiAz: boolean;
  /** As the API tells it, which is a little later than it is so. */
  availabilityZone: string;
  /** Stays when the name changes. */
  resourceId: string;
  instanceClass: string;
  backupRetentionDays: number;
  tags: Record<string, string>;
}

export const instanceKey = (region: string, id: string) => `${region}/${id}`;

/** The other of a Multi-AZ instance's two zones: `…a` and `…b`. */
export const otherZone = (zone: string) => `${zone.slice(0, -1)}${zone.endsWith('a') ? 'b' : 'a'}`;
