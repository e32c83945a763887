import { durations } from '../durations.ts';
import type { SandboxContext } from '../part.ts';
import type { WorldPlan } from '../world-plan.ts';

export interface ClusterMember {
  name: string;
  /** Its API, as the plan names it. */
  url: URL;
  host: string;
  alive: boolean;
  state: 'running' | 'starting' | 'stopped';
  /** Its PostgreSQL takes writes. */
  writable: boolean;
  timeline: number;
  /** Bytes behind the leader. */
  lag: number;
}

/** `[timeline, position, reason, when, new leader]`, as Patroni keeps it. */
export type HistoryLine = [number, number, string, string, string];

export interface PatroniCluster {
  plan: WorldPlan;
  component: string;
  region: string;
  scope: string;
  /** As the ledger calls it: the scope or the first member that the plan names, and the component. */
  resource: string;
  members: ClusterMember[];
  /** Who holds the key in the store. */
  leader: string | undefined;
  /** Who shall be the next leader, until an election has looked at it. */
  failoverKey: { leader: string | undefined; candidate: string | undefined } | undefined;
  config: Record<string, any>;
  history: HistoryLine[];
  login: { user: string; password: string } | undefined;
  /**
   * Moves the leader to another member: resolves with its name when it holds the key, or nothing when nobody could, and
   * calls back when it takes writes.
   */
  move(candidate: string | undefined, ready: () => void): Promise<string | undefined>;
  kill(name: string): void;
  revive(name: string): void;
}

/** What the database behind a cluster does when its leader comes and goes. */
export interface LeaderEvents {
  lost(): void;
  ready(): void;
  /** The application has connected to the new leader. */
  reconnected(): void;
}

export const createCluster = (
  context: SandboxContext,
  given: Pick<PatroniCluster, 'plan' | 'component' | 'region' | 'scope' | 'resource' | 'login'> & { urls: string[] },
  events: LeaderEvents,
): PatroniCluster => {
  const { clock, faults } = context;
  const { urls, ...rest } = given;
  const members = urls.map((text, at): ClusterMember => {
    const url = new URL(text);
    const label = url.hostname.split('.')[0]!;
    const isOnly = urls.filter((other) => new URL(other).hostname.split('.')[0] === label).length === 1;
    return {
      name: isOnly ? label : `${label}-${at}`,
      url,
      host: url.hostname,
      alive: true,
      state: 'running',
      writable: at === 0,
      timeline: 1,
      lag: 0,
    };
  });
  /** Only the newest course of events counts: a member that dies on the way makes the rest of it moot. */
  let course = 0;
  const later = (seconds: number, deed: () => void) => {
    const mine = course;
    clock.after(seconds * faults.slowFactor('patroni:Election'), () => mine === course && deed());
  };
  const find = (name: string | undefined) => members.find((member) => member.name === name);
  const isPaused = () => cluster.config['pause'] === true;

  const chosen = (): ClusterMember | undefined => {
    const able = members.filter(({ alive, state, name }) => alive && state === 'running' && name !== lastLeader);
    const wanted = able.find(({ name }) => name === cluster.failoverKey?.candidate);
    return wanted ?? able.sort((one, other) => one.lag - other.lag)[0];
  };
  let lastLeader: string | undefined;

  let onReady: (() => void) | undefined;
  /** Counted from the moment when nobody holds the key. Resolves when somebody does. */
  const elect = (seconds: { elected: number; ready: number; reconnected: number }): Promise<string | undefined> =>
    new Promise((resolve) => {
      later(seconds.elected, () => {
        const next = chosen();
        cluster.failoverKey = undefined;
        if (!next) return resolve(undefined);
        cluster.leader = next.name;
        resolve(next.name);
        later(seconds.ready - seconds.elected, () => {
          const from = Math.max(...members.map(({ timeline }) => timeline));
          for (const member of members) if (member.alive) member.timeline = from + 1;
          next.writable = true;
          next.lag = 0;
          const line: HistoryLine = [from, 0x3000000 * from, 'no recovery target specified', nowText(), next.name];
          cluster.history.push(line);
          const old = find(lastLeader);
          if (old?.alive) old.state = 'running';
          events.ready();
          onReady?.();
          onReady = undefined;
          later(seconds.reconnected - seconds.ready, () => events.reconnected());
        });
      });
    });
  const nowText = () => clock.now().toISOString();
  const { patroniDetected, patroniElected, patroniReady, patroniApplication } = durations;
  const afterDeath = {
    elected: patroniElected - patroniDetected,
    ready: patroniReady - patroniDetected,
    reconnected: patroniApplication - patroniDetected,
  };

  const stepDown = () => {
    const old = find(cluster.leader);
    lastLeader = cluster.leader;
    cluster.leader = undefined;
    if (old) {
      old.writable = false;
      if (old.alive) old.state = 'stopped';
    }
  };

  const cluster: PatroniCluster = {
    ...rest,
    members,
    leader: members[0]?.name,
    failoverKey: undefined,
    history: [],
    config: {
      loop_wait: 10,
      maximum_lag_on_failover: 1_048_576,
      postgresql: { use_pg_rewind: true, use_slots: true },
      retry_timeout: 10,
      ttl: 30,
    },
    async move(candidate, ready) {
      cluster.failoverKey = { leader: cluster.leader, candidate };
      onReady = ready;
      const leader = find(cluster.leader);
      if (leader && !leader.alive) return waitForElection();
      course += 1;
      if (!leader) return elect(afterDeath);
      events.lost();
      return new Promise((resolve) => {
        later(durations.patroniSteppedDown, () => {
          stepDown();
          const rest = durations.patroniSwitchedOver - durations.patroniSteppedDown;
          resolve(elect({ elected: rest / 2, ready: rest, reconnected: rest + 1 }));
        });
      });
    },
    kill(name) {
      const member = find(name);
      if (!member) throw new Error(`no member ${name}; there is ${members.map((each) => each.name).join(', ')}`);
      if (!member.alive) return;
      member.alive = false;
      member.writable = false;
      if (name !== cluster.leader) return;
      course += 1;
      events.lost();
      later(durations.patroniDetected, () => {
        stepDown();
        // A paused cluster waits for a person; a candidate that somebody has named is taken all the same.
        if (isPaused() && !cluster.failoverKey) return;
        election = elect(afterDeath);
      });
    },
    revive(name) {
      const member = find(name);
      if (!member) throw new Error(`no member ${name}`);
      if (member.alive) return;
      member.alive = true;
      member.state = 'starting';
      clock.after(durations.patroniMemberStart, () => {
        if (!member.alive) return;
        member.state = 'running';
        member.lag = 0;
        member.timeline = Math.max(...members.map(({ timeline }) => timeline));
        const isLeader = cluster.leader === name;
        // Nobody else was made the leader meanwhile: it goes on where it was.
        if (!isLeader && !(cluster.leader === undefined && isPaused() && lastLeader === name)) return;
        cluster.leader = name;
        member.writable = true;
        course += 1;
        events.ready();
        events.reconnected();
      });
    },
  };
  let election: Promise<string | undefined> = Promise.resolve(undefined);
  /** A leader that died still holds the key until it is missed. */
  const waitForElection = async (): Promise<string | undefined> => {
    const before = election;
    while (election === before) await clock.sleep(0.5);
    return election;
  };
  return cluster;
};
