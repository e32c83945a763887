import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A place in what goes through: the first message that fits stands still there, and its connection with it. */
export interface Watch {
  /**
   * What the message of the client says, as text; for `postgres` one message of the protocol, else one chunk. The
   * connection is one and the same object for all its messages.
   */
  fits(text: string, connection: object): boolean;
  /** `request`: the message is not passed on. `answer`: it is, but what is answered is not. `none`: it is only noticed. */
  hold: 'request' | 'answer' | 'none';
}

export interface Watched {
  reached(): boolean;
  /** Resolves when a message has come to stand here. */
  whenReached: Promise<void>;
  /** True when the server has answered what came to stand here, whether or not the client hears of it. */
  isAnswered(): boolean;
  /** Passes on what stood still. */
  release(): void;
  /** Resets the one connection that stands still here. */
  cut(): void;
}

/** A way to a server that can be watched, held, cut and made silent: the network, as far as a test may play it. */
export interface TcpProxy {
  port: number;
  watch(watch: Watch): Watched;
  /** Every connection is reset, as when a cable is pulled and the other side notices. */
  cut(): void;
  /** Leads to another server from now on; what is connected already stays where it is. */
  leadTo(target: { host: string; port: number }): void;
  /** Accepts and never answers, for connections old and new; `pass` lets everything through again. */
  become(mode: 'silent' | 'pass'): void;
  close(): Promise<void>;
}

interface Active extends Watch {
  isReached: boolean;
  isAnswered: boolean;
  reach(): void;
  resume: (() => void) | undefined;
  end: (() => void) | undefined;
}

/** Does something whose first message that says this finds its connection closed. */
export const closingOn = async <T>(proxy: TcpProxy, said: string, work: () => Promise<T>): Promise<T> => {
  const held = proxy.watch({ fits: (text) => text.includes(said), hold: 'request' });
  const working = work();
  working.catch(() => {});
  await held.whenReached;
  held.cut();
  return working;
};

export const startTcpProxy = async (
  target: { host: string; port: number },
  protocol: 'postgres' | 'any' = 'any',
): Promise<TcpProxy> => {
  let silent = false;
  let there = target;
  let active: Active[] = [];
  const pairs = new Set<{ client: Socket; server: Socket; wake(): void }>();

  const server = createServer((client) => {
    const upstream = connect(there.port, there.host);
    client.setNoDelay(true);
    upstream.setNoDelay(true);
    const toServer = createFlow((bytes) => upstream.write(bytes));
    const toClient = createFlow((bytes) => client.write(bytes));
    const pair = {
      client,
      server: upstream,
      wake: () => {
        toServer.pause(silent);
        toClient.pause(silent);
      },
    };
    pairs.add(pair);
    pair.wake();
    let awaited: Active | undefined;
    const frames = protocol === 'postgres' ? createFrames() : (bytes: Buffer) => [bytes];
    client.on('data', (bytes) => {
      for (const frame of frames(bytes)) {
        const text = active.length === 0 ? '' : textOf(frame);
        const fitting = active.filter((each) => !each.isReached && each.fits(text, pair));
        // One message may be what several only wait to notice; it can be held for one of the others.
        const holding = fitting.find(({ hold }) => hold !== 'none');
        for (const found of fitting.filter((each) => each.hold === 'none' || each === holding)) {
          found.isReached = true;
          awaited = holding ?? found;
          found.end = () => {
            client.resetAndDestroy();
            upstream.resetAndDestroy();
          };
          const flow = found.hold === 'request' ? toServer : toClient;
          if (found.hold !== 'none') {
            flow.pause(true);
            found.resume = () => flow.pause(silent);
          }
          found.reach();
        }
        toServer.push(frame);
      }
    });
    upstream.on('data', (bytes) => {
      if (awaited) awaited.isAnswered = true;
      toClient.push(bytes);
    });
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));

  return {
    port: (server.address() as AddressInfo).port,
    watch(watch) {
      let reach = () => {};
      const whenReached = new Promise<void>((done) => {
        reach = done;
      });
      const mine: Active = { ...watch, isReached: false, isAnswered: false, reach, resume: undefined, end: undefined };
      active.push(mine);
      return {
        reached: () => mine.isReached,
        whenReached,
        isAnswered: () => mine.isAnswered,
        release() {
          active = active.filter((each) => each !== mine);
          mine.resume?.();
        },
        cut() {
          active = active.filter((each) => each !== mine);
          mine.end?.();
        },
      };
    },
    cut() {
      for (const { client, server: upstream } of pairs) {
        client.resetAndDestroy();
        upstream.resetAndDestroy();
      }
    },
    leadTo(next) {
      there = next;
    },
    become(mode) {
      silent = mode === 'silent';
      for (const pair of pairs) pair.wake();
    },
    close: () =>
      new Promise((done) => {
        for (const { client, server: upstream } of pairs) {
          client.destroy();
          upstream.destroy();
        }
        server.close(() => done());
      }),
  };
};

/** Bytes in order, kept back while paused. */
const createFlow = (write: (bytes: Buffer) => void) => {
  let paused = false;
  let kept: Buffer[] = [];
  return {
    push(bytes: Buffer) {
      if (paused) kept.push(bytes);
      else write(bytes);
    },
    pause(now: boolean) {
      paused = now;
      if (paused) return;
      for (const bytes of kept) write(bytes);
      kept = [];
    },
  };
};

/** Cuts what a client of PostgreSQL sends into messages: a type and a length each, the first one without a type. */
const createFrames = () => {
  let rest: Buffer = Buffer.alloc(0);
  let begun = false;
  return (bytes: Buffer): Buffer[] => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const frames: Buffer[] = [];
    for (;;) {
      const head = begun ? 1 : 0;
      if (rest.length < head + 4) return frames;
      const length = head + rest.readInt32BE(head);
      if (rest.length < length) return frames;
      frames.push(rest.subarray(0, length));
      rest = rest.subarray(length);
      begun = true;
    }
  };
};

/** Arrays of JSON come with their quotes escaped once more; without backslashes both look alike. */
const textOf = (frame: Buffer): string => frame.toString('utf8').replaceAll('\\', '');
