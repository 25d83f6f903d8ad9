import { describe, expect, it } from "vitest";
import {
  type Around,
  assemble,
  atOrBefore,
  barAtOrBefore,
  barLength,
  keepRecent,
  type Lookup,
  PAGE_BARS,
  type Page,
  pageOf,
  pageSpan,
  stepped,
  unbroken,
  wantedPages,
} from "@/features/playback/windows";

const MINUTE = 60_000;

/** A page whose bars are the given minutes of it; the close is the minute's number in the run. */
function page(number: number, minutes: number[], edges: Partial<Page> = {}): Page {
  const numbers = minutes.map((minute) => number * PAGE_BARS + minute);
  return {
    number,
    times: Float64Array.from(numbers, (minute) => minute * MINUTE),
    columns: minutes.length ? { close: Float64Array.from(numbers) } : {},
    ...edges,
  };
}

const all = [...Array(PAGE_BARS).keys()];

function lookup(...pages: Page[]): Lookup {
  const held = new Map(pages.map((one) => [one.number, one]));
  return (number) => held.get(number);
}

function joined(around: Around, known: Lookup) {
  return assemble(unbroken(around, known, MINUTE), around, known, MINUTE);
}

describe("pages", () => {
  it("are named by time alone, whoever asks", () => {
    expect(pageOf(1_999 * MINUTE, MINUTE)).toBe(1);
    expect(pageOf(2_000 * MINUTE, MINUTE)).toBe(2);
    expect(pageSpan(2, MINUTE)).toEqual({ start: 2_000 * MINUTE, end: 3_000 * MINUTE });
  });

  it("are wanted around the one that is looked at, the nearest first, within the run", () => {
    const around = { center: 1, sides: 2, first: 0, last: 9 };
    expect(wantedPages(around, lookup(), MINUTE)).toEqual([1, 2, 0, 3]);
  });

  it("step over a gap of any length at once, in both directions", () => {
    const known = lookup(
      page(4, [0, 1], { after: 90_005 * MINUTE }),
      page(90, [5]),
      page(89, [], { before: 4_001 * MINUTE, after: 90_005 * MINUTE }),
    );
    expect(wantedPages({ center: 4, sides: 1, first: 4, last: 99 }, known, MINUTE)).toEqual([4, 90]);
    expect(wantedPages({ center: 90, sides: 2, first: 4, last: 90 }, known, MINUTE)).toEqual([90, 89, 4]);
  });

  it("let go of those that were not used for longest", () => {
    expect(keepRecent([1, 2, 3], [4, 2], 3)).toEqual({ order: [4, 2, 1], dropped: [3] });
    expect(keepRecent([], [1, 2, 3, 4], 3)).toEqual({ order: [1, 2, 3, 4], dropped: [] });
  });
});

describe("the window that is drawn", () => {
  const around = { center: 5, sides: 2, first: 3, last: 7 };

  it("joins the loaded pages and ends where one is missing", () => {
    const bars = joined(around, lookup(page(3, all), page(5, all), page(6, [0, 2])));
    expect(bars?.pages).toEqual([5, 6]);
    expect(bars?.times.length).toBe(PAGE_BARS + 2);
    expect(bars?.columns.close?.at(-1)).toBe(6_002);
    expect([bars?.isStart, bars?.isEnd]).toEqual([false, false]);
  });

  it("knows the first and the last bar of the run", () => {
    const bars = joined({ ...around, first: 4, last: 6 }, lookup(page(4, [9]), page(5, all), page(6, [])));
    expect([bars?.isStart, bars?.isEnd]).toEqual([true, true]);
    expect(bars?.times.length).toBe(1 + PAGE_BARS);
  });

  it("is nothing without the page that is looked at", () => {
    expect(joined(around, lookup(page(4, all)))).toBeNull();
  });
});

describe("the cursor", () => {
  it("stands on the bar at or before a moment, pages back if need be", () => {
    const known = lookup(page(4, [10]), page(5, []), page(6, [], { before: 4_010 * MINUTE }));
    expect(barAtOrBefore(4_500 * MINUTE, 4, known, MINUTE)).toBe(4_010 * MINUTE);
    expect(barAtOrBefore(5_500 * MINUTE, 4, known, MINUTE)).toBe(4_010 * MINUTE);
    expect(barAtOrBefore(6_500 * MINUTE, 4, known, MINUTE)).toBe(4_010 * MINUTE);
    expect(barAtOrBefore(4_000 * MINUTE, 4, known, MINUTE)).toBeNull();
    expect(barAtOrBefore(7_500 * MINUTE, 4, known, MINUTE)).toBeUndefined();
  });

  it("steps to the next bar that exists, and stays at the run's ends", () => {
    const bars = joined({ center: 5, sides: 1, first: 5, last: 6 }, lookup(page(5, [0, 1, 7]), page(6, [3])));
    if (bars === null) throw new Error("no window");
    expect(stepped(bars, 5_001 * MINUTE, 1)).toBe(5_007 * MINUTE);
    expect(stepped(bars, 5_007 * MINUTE, 1)).toBe(6_003 * MINUTE);
    expect(stepped(bars, 5_007 * MINUTE, 10)).toBe(6_003 * MINUTE);
    expect(stepped(bars, 5_007 * MINUTE, -10)).toBe(5_000 * MINUTE);
    expect(stepped({ ...bars, isEnd: false }, 5_007 * MINUTE, 10)).toBeUndefined();
    expect(stepped(bars, 5_002 * MINUTE, 1)).toBeUndefined();
  });

  it("finds its place among times", () => {
    expect([0, 1, 2, 5, 9].map((moment) => atOrBefore([1, 2, 5], moment))).toEqual([-1, 0, 1, 2, 2]);
  });
});

it("reads how long a bar is", () => {
  expect([barLength("5m"), barLength("4h"), barLength("1d")]).toEqual([300_000, 14_400_000, 86_400_000]);
  expect(() => barLength("soon")).toThrow("soon");
});
