import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';

export interface RedisNode {
  name: string;
  port: number;
  alive: boolean;
  role: 'master' | 'slave';
  /** It follows the master and says how far it is. */
  online: boolean;
  /** World time until which it lets writes wait. */
  pausedUntil: number;
  data: Map<string, { value: string; until: number | undefined }>;
}

/** A master with its replicas, and what the Sentinels think of it. */
export interface RedisGroup {
  component: string;
  /** As the ledger calls it: the first Sentinel that the plan names, and the master's name. */
  resource: string;
  /** What the Sentinels call it. */
  master: string;
  region: string;
  nodes: RedisNode[];
  epoch: number;
  /** Where the Sentinels send clients, and what they still call the master until a failover is through. */
  current(): RedisNode;
  monitored(): RedisNode;
  flags(): string[];
  /** World milliseconds since the master became one. */
  ageMilliseconds(): number;
  offset(): number;
  /** Begins a failover as somebody's request does; says why not. `through` when every replica follows. */
  failOver(through: () => void): 'INPROG' | 'NOGOODSLAVE' | undefined;
  kill(node: RedisNode): void;
  revive(node: RedisNode): void;
}

export const createGroup = (
  context: SandboxContext,
  given: { component: string; resource: string; master: string; region: string; ports: number[] },
  events: { switched(from: RedisNode, to: RedisNode): void; died(node: RedisNode): void },
): RedisGroup => {
  const { clock, faults } = context;
  const { ports, ...rest } = given;
  const nodes = ports.map(
    (port, at): RedisNode => ({
      name: `${given.component}-${at}`,
      port,
      alive: true,
      role: at === 0 ? 'master' : 'slave',
      online: at !== 0,
      pausedUntil: 0,
      data: new Map(),
    }),
  );
  let current = nodes[0]!;
  let monitored = current;
  // It has been the master since long before the world began.
  let since = clock.now().getTime() - 30 * 24 * 3_600_000;
  let failingOver = false;
  let down = false;
  const later = (seconds: number, deed: () => void) =>
    void clock.after(seconds * faults.slowFactor('redis:SentinelFailover'), deed);

  const begin = (through: () => void): 'NOGOODSLAVE' | undefined => {
    const able = () => nodes.find((node) => node.alive && node.role === 'slave');
    if (!able()) return 'NOGOODSLAVE';
    failingOver = true;
    group.epoch += 1;
    later(durations.sentinelPromotion, () => {
      const next = able();
      if (!next) {
        failingOver = false;
        return;
      }
      const former = current;
      former.role = 'slave';
      former.online = false;
      former.pausedUntil = 0;
      next.role = 'master';
      next.online = false;
      current = next;
      since = clock.now().getTime();
      for (const node of nodes) node.online = false;
      later(durations.sentinelReconfiguration, () => {
        for (const node of nodes) {
          node.online = node.alive && node !== current;
          if (node.online) node.data = new Map(current.data);
        }
        monitored = current;
        failingOver = false;
        down = !current.alive;
        events.switched(former, current);
        through();
      });
    });
    return undefined;
  };

  const group: RedisGroup = {
    ...rest,
    nodes,
    epoch: 0,
    current: () => current,
    monitored: () => monitored,
    flags: () => ['master', ...(down ? ['s_down', 'o_down'] : []), ...(failingOver ? ['failover_in_progress'] : [])],
    ageMilliseconds: () => clock.now().getTime() - since,
    // The master writes a heartbeat of its own all the time, so its log grows.
    offset: () => Math.floor(clock.now().getTime() / 1000) * 14,
    failOver: (through) => (failingOver ? 'INPROG' : begin(through)),
    kill(node) {
      if (!node.alive) return;
      node.alive = false;
      node.online = false;
      events.died(node);
      if (node !== current) return;
      later(durations.sentinelDetection, () => {
        if (node.alive || node !== current) return;
        down = true;
        if (!failingOver) begin(() => {});
      });
    },
    revive(node) {
      if (node.alive) return;
      node.alive = true;
      if (node === current) {
        down = false;
        return;
      }
      node.role = 'slave';
      later(durations.sentinelReconfiguration, () => {
        node.online = node.alive && node !== current;
        node.data = new Map(current.data);
      });
    },
  };
  return group;
};
