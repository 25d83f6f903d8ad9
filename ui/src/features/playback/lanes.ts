/** Do at most so many things at once, in the order in which they were asked for; what is aborted waits no more. */
export type Lanes = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

export function lanes(most: number): Lanes {
  let busy = 0;
  const waiting = new Set<() => void>();

  function free(): void {
    busy -= 1;
    for (const begin of waiting) {
      waiting.delete(begin);
      begin();
      return;
    }
  }

  async function turn(signal: AbortSignal): Promise<void> {
    if (busy < most) {
      busy += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const left = () => {
        waiting.delete(begin);
        reject(signal.reason);
      };
      const begin = () => {
        signal.removeEventListener("abort", left);
        busy += 1;
        resolve();
      };
      waiting.add(begin);
      signal.addEventListener("abort", left, { once: true });
    });
  }

  return async (signal, work) => {
    signal.throwIfAborted();
    await turn(signal);
    try {
      return await work();
    } finally {
      free();
    }
  };
}
