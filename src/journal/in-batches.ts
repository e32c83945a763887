/**
 * Turns one call for each item into one call for all items that wait: the first goes at once, those that come while a
 * call is under way share the next one. `work` answers for each item in order; when it throws, all of its items fail.
 */
export const inBatches = <Item, Result>(
  most: number,
  work: (items: Item[]) => Promise<Result[]>,
): ((item: Item) => Promise<Result>) => {
  let waiting: { item: Item; resolve(result: Result): void; reject(error: unknown): void }[] = [];
  let working = false;
  const go = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, most);
      waiting = waiting.slice(batch.length);
      try {
        const results = await work(batch.map(({ item }) => item));
        for (const [i, { resolve }] of batch.entries()) resolve(results[i]!);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    working = false;
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (working) return;
      working = true;
      // In a moment, so that all who were set going by one answer share the call.
      process.nextTick(() => void go());
    });
};
