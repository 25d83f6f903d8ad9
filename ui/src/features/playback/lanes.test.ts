import { expect, it } from "vitest";
import { lanes } from "@/features/playback/lanes";

/** Work that ends when it is told to. */
function held(name: string, begun: string[]) {
  let end: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    end: () => end(),
    work: () => {
      begun.push(name);
      return done.then(() => name);
    },
  };
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

it("does so many things at once, in order, and none that was given up while it waited", async () => {
  const begun: string[] = [];
  const lane = lanes(2);
  const [a, b, c, d] = [held("a", begun), held("b", begun), held("c", begun), held("d", begun)];
  const left = new AbortController();
  const never = new AbortController();
  const first = lane(never.signal, a.work);
  void lane(never.signal, b.work);
  const given = lane(left.signal, c.work);
  const last = lane(never.signal, d.work);
  await turn();
  expect(begun).toEqual(["a", "b"]);
  left.abort(new Error("gone"));
  await expect(given).rejects.toThrow("gone");
  a.end();
  expect(await first).toBe("a");
  await turn();
  expect(begun).toEqual(["a", "b", "d"]);
  d.end();
  expect(await last).toBe("d");
});

it("goes on after a failure", async () => {
  const lane = lanes(1);
  const { signal } = new AbortController();
  await expect(lane(signal, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await lane(signal, async () => "yes")).toBe("yes");
});
