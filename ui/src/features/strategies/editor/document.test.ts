import { describe, expect, it } from "vitest";
import { formOf, partsOf, read, write } from "@/features/strategies/editor/document";

const YAML = `name: Cross
parameters:
  fast: {type: int, default: 12}
triggers:
  - id: a
    entry: close > emaa(close, 5)
    exit: "close < 'x\\" emaa"
    stop: {atr: -1}
    hold: >-
      close > 1 and
      emaa > 2
  - entry: close > 1
`;

function shown(text: string, path: string, position?: number): string {
  const { from, to } = read(text).rangeOf(path, position);
  return text.slice(from, to);
}

describe("an error is shown where its path leads", () => {
  it("to a value, or to the word of an expression", () => {
    expect(shown(YAML, "triggers[0].stop.atr")).toBe("-1");
    expect(shown(YAML, "triggers[0].entry", 8)).toBe("emaa");
    expect(shown(YAML, "triggers[0].exit", 12)).toBe("emaa");
    expect(shown(YAML, "triggers[0].hold", 14)).toBe("emaa");
    expect(shown(YAML, "triggers[0].entry", 400)).toBe(")");
  });

  it("of what is missing, to what it is missing from", () => {
    expect(shown(YAML, "triggers[1].id")).toBe("entry: close > 1");
    expect(shown(YAML, "sizing.mode")).toBe("name: Cross");
    expect(shown(YAML, "parameters.fast")).toBe("fast");
    expect(shown("", "triggers")).toBe("");
  });

  it("in JSON as in YAML", () => {
    const json = JSON.stringify(read(YAML).value, null, 2);
    expect(shown(json, "triggers[0].entry", 8)).toBe("emaa");
    expect(shown(json, "triggers[0].exit", 12)).toBe("emaa");
    expect(shown(json, "triggers[0].stop.atr")).toBe("-1");
  });
});

describe("a text", () => {
  it("that is no document says where", () => {
    expect(read("name: [1").value).toBeNull();
    expect(read("name: [1").flaws).toHaveLength(1);
    expect(read("just words").flaws[0]?.message).toContain("made of fields");
    expect(read("name: a\nname: b").flaws[0]?.message).toContain("twice");
    expect(read(" ").flaws).toEqual([]);
  });

  it("comes back from either form as it was", () => {
    const { value } = read(YAML);
    for (const form of ["yaml", "json"] as const) {
      const text = write(value ?? {}, form);
      expect(formOf(text)).toBe(form);
      expect(read(text).value).toEqual(value);
    }
    const written = write({ ...value, description: `Buys: ${"words ".repeat(40)}"s"` }, "yaml");
    expect(written).toContain("fast: {type: int, default: 12}");
    expect(written).toContain("description: >-\n  Buys: words");
    expect(read(written).value?.description).toBe(`Buys: ${"words ".repeat(40)}"s"`);
  });

  it("names its places as the API does", () => {
    expect(partsOf("triggers[10].stop.atr")).toEqual(["triggers", 10, "stop", "atr"]);
  });
});
