import { expect, it } from "vitest";
import { sentences } from "@/features/data/report";

const HELD = {
  number: 2,
  dataset_rows: 2900,
  dataset_first: "2021-01-01T00:00:00Z",
  dataset_last: "2021-05-06T06:00:00Z",
};

it("says what came, what is wrong with it, what was put right, and what is held now", () => {
  const report = {
    ...HELD,
    rows: 399,
    first: "2021-01-01T00:00:00Z",
    last: "2021-01-17T14:00:00Z",
    missing_bars: 1,
    jumps: 2,
    flat_bars: 0,
    duplicates_removed: 2,
  };
  expect(sentences(report, "bars")).toEqual([
    "399 bars came, 2021-01-01 00:00 to 2021-01-17 14:00 UTC",
    "Found in them: 1 missing bar, 2 jumps",
    "2 rows that came twice were taken once",
    "Held now: 2,900 bars, 2021-01-01 00:00 to 2021-05-06 06:00 UTC, version 2",
  ]);
});

it("says that nothing is new, and that history has changed", () => {
  const said = sentences({ ...HELD, rows: 0, first: null, last: null, changed: [{}, {}] }, "bars");
  expect(said[0]).toBe("No bars are new");
  expect(said[2]).toMatch(/^2 held bars differ from what the exchange says now/);
});
