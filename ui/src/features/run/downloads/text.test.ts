import { describe, expect, it } from "vitest";
import { csvField, textOf } from "@/features/run/downloads/text";

async function* pages(...all: object[][]) {
  for (const page of all) yield page;
}

describe("files", () => {
  it("as CSV have one head over all pages, and quote what needs it", async () => {
    const counts: number[] = [];
    const rows = pages([{ id: 1, why: 'a "b", c' }], [], [{ id: 2, why: null }]);
    const blob = await textOf("csv", rows, (count) => counts.push(count));
    expect(await blob.text()).toBe('id,why\r\n1,"a ""b"", c"\r\n2,\r\n');
    expect(counts).toEqual([1, 1, 2]);
  });

  it("as JSON are one array, of nothing too", async () => {
    const whole = await textOf("json", pages([{ id: 1 }], [{ id: 2 }]), () => {});
    expect(JSON.parse(await whole.text())).toEqual([{ id: 1 }, { id: 2 }]);
    const none = await textOf("json", pages([]), () => {});
    expect(JSON.parse(await none.text())).toEqual([]);
  });

  it("flatten rows that hold others, for CSV alone", async () => {
    const flat = (row: object) => (row as { legs: object[] }).legs;
    const set = { id: 1, legs: [{ leg: 0 }, { leg: 1 }] };
    expect(await (await textOf("csv", pages([set]), () => {}, flat)).text()).toBe("leg\r\n0\r\n1\r\n");
    expect(JSON.parse(await (await textOf("json", pages([set]), () => {}, flat)).text())).toEqual([set]);
  });

  it("write what is no plain value as JSON", () => {
    expect(csvField({ a: 1 })).toBe('"{""a"":1}"');
  });
});
