import pg from 'pg';
import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import type { Instance } from './instance.ts';
import { setWritable } from './physical.ts';
import type { DatabaseServer } from './server.ts';

export interface Streaming {
  /** What the standby's own functions say of it: whether it holds anything that it has not replayed. */
  tellBehind(instance: Instance, behind: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Hears what is asked of the standbys by SQL and lets it happen, as slowly as it does in life. */
export const startStreaming = async (
  context: SandboxContext,
  server: DatabaseServer,
  instances: Map<string, Instance>,
  does: {
    later(seconds: number, deed: () => Promise<void> | void): void;
    catchUp(instance: Instance): Promise<void>;
  },
): Promise<Streaming> => {
  const { clock, faults, ledger } = context;
  const listeners: pg.Client[] = [];
  const toldBehind = new Map<Instance, boolean>();
  const stateOf = (instance: Instance, change: string, values: unknown[] = []) =>
    server.pool(instance.physicalDatabase).query(`UPDATE standby.state SET ${change}`, values);

  const accept = (instance: Instance, change: string) =>
    ledger.accept(`postgres:${change}`, `postgres:${instance.endpoint}/${instance.databaseName}`);

  const setPaused = async (instance: Instance, paused: boolean) => {
    const { visible } = accept(instance, paused ? 'PauseReplay' : 'ResumeReplay');
    instance.replayPaused = paused;
    await stateOf(instance, 'replay = $1', [paused ? 'paused' : 'not paused']);
    visible();
  };
  const promote = async (instance: Instance) => {
    // A second request for a promotion that is under way changes nothing, as with the trigger file in life.
    if (instance.detached) return;
    const { visible } = accept(instance, 'Promote');
    if (instance.replayPaused) await does.catchUp(instance);
    instance.detached = true;
    does.later(durations.streamingPromote * faults.slowFactor('postgres:Promote'), async () => {
      await setWritable(server, instance, true);
      instance.source = undefined;
      instance.replayPaused = false;
      instance.writable = true;
      visible();
    });
  };
  const hear = async (instance: Instance, what: string | undefined) => {
    if (instance.source === undefined) return;
    if (what === 'promote') await promote(instance);
    else if (!instance.detached) await setPaused(instance, what === 'pause');
  };

  for (const instance of instances.values()) {
    if (instance.source === undefined) continue;
    await stateOf(instance, 'wall_start = $1, world_start = $2, speed = $3', [
      clock.wallStart,
      clock.worldStart,
      clock.speed,
    ]);
    if (instance.runBy !== 'streaming') continue;
    const listener = new pg.Client({ connectionString: server.urlOf(instance.physicalDatabase) });
    listener.on('error', () => {});
    listener.on('notification', ({ payload }) => {
      hear(instance, payload).catch((error) =>
        context.log('a standby could not do what it was told', { error: String(error) }),
      );
    });
    await listener.connect();
    listeners.push(listener);
    await listener.query('LISTEN standby');
  }

  return {
    async tellBehind(instance, behind) {
      if (toldBehind.get(instance) === behind) return;
      toldBehind.set(instance, behind);
      await stateOf(instance, 'behind = $1', [behind]);
    },
    close: async () => void (await Promise.all(listeners.map((listener) => listener.end().catch(() => {})))),
  };
};
