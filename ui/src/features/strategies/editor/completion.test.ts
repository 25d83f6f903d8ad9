import { describe, expect, it } from "vitest";
import { offersAt } from "@/features/strategies/editor/completion";
import type { Schema } from "@/features/strategies/editor/schema";

const EXPRESSION: Schema = {
  type: "string",
  "x-language": {
    functions: [
      { name: "ema", signature: "ema(source, period)", formula: "…", subject: "Averages", condition: false },
    ],
    fields: ["close"],
    states: ["position"],
    texts: { position: ["flat", "long"] },
    short_forms: [],
    ready: { sma_20: "sma(close, 20)" },
    keywords: ["and"],
    timeframes: ["1h", "4h"],
  },
};

/** As the API's is made, with fewer fields. */
const SCHEMA: Schema = {
  type: "object",
  properties: {
    name: { type: "string" },
    parameters: { type: ["object", "null"], additionalProperties: { anyOf: [{ type: "number" }] } },
    indicators: { type: ["object", "null"], additionalProperties: { $ref: "#/$defs/expression" } },
    triggers: { type: "array", items: { $ref: "#/$defs/trigger" } },
  },
  required: ["name", "triggers"],
  $defs: {
    expression: EXPRESSION,
    trigger: {
      type: "object",
      properties: {
        id: { type: "string" },
        category: { enum: ["reversal", "other", null] },
        entry: { anyOf: [{ $ref: "#/$defs/expression" }, { type: "null" }] },
        stop: { anyOf: [{ $ref: "#/$defs/stop" }, { type: "null" }] },
      },
      required: ["id"],
      anyOf: [{ required: ["entry"] }],
    },
    stop: {
      anyOf: [
        {
          type: "object",
          properties: { percent: { anyOf: [{ type: "number" }, { type: "string", pattern: "^\\$a" }] } },
        },
        { type: "object", properties: { atr: { type: "number" } } },
        { $ref: "#/$defs/expression" },
      ],
    },
  },
};

/** The labels that are offered where `|` stands. */
function offered(text: string): string[] {
  const position = text.indexOf("|");
  const written = text.replace("|", "");
  const document = { parameters: { fast: 12 }, indicators: { slow: "ema(close, 9)" } };
  return offersAt(written, position, SCHEMA, document).offers.map((offer) => offer.label);
}

describe("fields", () => {
  it("are those of the place that are not there yet", () => {
    expect(offered("name: x\nt|")).toEqual(["parameters", "indicators", "triggers"]);
    expect(offered("triggers:\n  - id: a\n    |")).toEqual(["category", "entry", "stop"]);
    expect(offered("triggers:\n  - |")).toEqual(["id", "category", "entry", "stop"]);
    expect(offered("triggers:\n  - id: a\n    stop: {p|}")).toEqual(
      expect.arrayContaining(["percent", "atr"]),
    );
  });

  it("are quoted in JSON", () => {
    const text = '{"triggers": [{"id": "a", }]}';
    const { offers } = offersAt(text, text.indexOf("}"), SCHEMA, null);
    expect(offers.map((offer) => offer.apply)).toContain('"entry": ');
    const begun = '{"triggers": [{"id": "a", "en"}]}';
    const within = offersAt(begun, begun.indexOf('"}'), SCHEMA, null);
    expect(within.offers.map((offer) => offer.apply)).toContain("entry");
  });
});

describe("values", () => {
  it("are the choices of their field", () => {
    expect(offered("triggers:\n  - id: a\n    category: re|")).toEqual(["reversal", "other"]);
    expect(offered("triggers:\n  - id: a\n    stop: {percent: $|}")).toEqual(["$fast"]);
  });

  it("in an expression are the words of the language and the document's own", () => {
    const words = ["$fast", "slow", "ema", "tf", "close", "position", "sma_20", "and"];
    expect(offered("triggers:\n  - id: a\n    entry: close > e|")).toEqual(words);
    expect(offered("triggers:\n  - id: a\n    entry: ema(close, |)")).toEqual(words);
    expect(offered('{"triggers": [{"id": "a", "entry": "close > |"}]}')).toEqual(words);
    expect(offered("triggers:\n  - id: a\n    entry: >-\n      close > 1\n      and |")).toEqual(words);
    expect(offered("triggers:\n  - id: a\n    entry: position == '|")).toEqual(["flat", "long"]);
  });

  it("that are no expression have none of its words", () => {
    expect(offered("name: e|")).toEqual([]);
    expect(offered("parameters:\n  fast: 1|")).toEqual([]);
  });
});
