/** Where a call stands still until somebody lets it go: before the world takes the change, or after. */
export interface HoldRequest {
  /** As the ledger spells it, `rds:PromoteReadReplica`; a `*` at the end stands for any rest. */
  call: string;
  when: 'before' | 'after';
  /** Only a call whose request contains one of these. Absent: any. */
  contains?: string[];
}

export interface Hold extends HoldRequest {
  id: number;
  /** A call has come to stand here. Each hold takes one call; the next one passes. */
  reached: boolean;
}

/**
 * Lets a test stop the world between two moments of one call, as no network would be kind enough to do: the caller may
 * be killed exactly there.
 */
export interface Holds {
  add(request: HoldRequest): Hold;
  list(): Hold[];
  /** `go`: the call goes on as if nothing had been. `drop`: what stood still is lost, the request or its answer. */
  release(how: 'go' | 'drop', id?: number): void;
  /** Waits for as long as the call is held; false when it was dropped. */
  pass(call: string, when: HoldRequest['when'], request: string): Promise<boolean>;
}

export const createHolds = (): Holds => {
  let holds: (Hold & { end?: (goesOn: boolean) => void })[] = [];
  let last = 0;
  const isMeant = (hold: Hold, call: string, request: string): boolean =>
    (hold.call.endsWith('*') ? call.startsWith(hold.call.slice(0, -1)) : call === hold.call) &&
    (hold.contains === undefined || hold.contains.some((part) => request.includes(part)));
  return {
    add(request) {
      last += 1;
      const hold = { ...request, id: last, reached: false };
      holds.push(hold);
      return hold;
    },
    list: () => holds.map(({ end: _, ...hold }) => hold),
    release(how, id) {
      const released = holds.filter((hold) => id === undefined || hold.id === id);
      holds = holds.filter((hold) => !released.includes(hold));
      for (const { end } of released) end?.(how === 'go');
    },
    pass(call, when, request) {
      const hold = holds.find((each) => !each.reached && each.when === when && isMeant(each, call, request));
      if (!hold) return Promise.resolve(true);
      hold.reached = true;
      return new Promise((resolve) => {
        hold.end = resolve;
      });
    },
  };
};
