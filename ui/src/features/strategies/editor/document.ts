/**
 * A strategy's document as a text: YAML, of which JSON is a part, so one reader serves both.
 * It knows where each field stands, so that an error can be shown at its place.
 */
import {
  Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  Scalar,
  visit,
} from "yaml";

export type Json = Record<string, unknown>;

export interface Range {
  from: number;
  to: number;
}

export interface Flaw extends Range {
  message: string;
}

export interface Read {
  /** Null where the text is no document. */
  value: Json | null;
  flaws: Flaw[];
  /** Return the characters that a path of the API's errors speaks of: `triggers[0].entry`. */
  rangeOf(path: string, position?: number | null): Range;
  lineOf(offset: number): number;
}

// What happens at every half-written line, in words that need no knowledge of YAML's grammar.
const WORDS: Record<string, string> = {
  "Implicit map keys need to be followed by map values": "a field is written 'name: value'",
  "Map keys must be unique": "the field stands here twice",
};

/** Return what a text says. An empty text says nothing, which is no flaw. */
export function read(text: string): Read {
  const lines = new LineCounter();
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const flaws: Flaw[] = parsed.errors.map((error) => ({
    from: error.pos[0],
    to: Math.max(error.pos[1], error.pos[0] + 1),
    message: WORDS[error.message] ?? sentence(error.message),
  }));
  let value: unknown = null;
  if (flaws.length === 0) {
    try {
      value = parsed.toJS();
    } catch (error) {
      flaws.push({ from: 0, to: text.length, message: sentence(String(error)) });
    }
  }
  const isDocument = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isDocument && flaws.length === 0 && text.trim()) {
    const message = "a strategy's document is made of fields: name, triggers, …";
    flaws.push({ from: 0, to: text.length, message });
  }
  return {
    value: isDocument ? (value as Json) : null,
    flaws,
    rangeOf: (path, position) => rangeIn(parsed.contents, text, path, position ?? null),
    lineOf: (offset) => lines.linePos(offset).line,
  };
}

/** `triggers[0].stop.atr` as its parts. */
export function partsOf(path: string): (string | number)[] {
  const parts: (string | number)[] = [];
  for (const [, index, name] of path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)) {
    parts.push(index === undefined ? (name ?? "") : Number(index));
  }
  return parts;
}

function rangeIn(root: ParsedNode | null, text: string, path: string, position: number | null): Range {
  let node: ParsedNode | null = root;
  // Of what is missing, the nearest thing around it is shown.
  let range: Range = firstLine(text, 0);
  for (const part of partsOf(path)) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      const key = pair?.key;
      if (!pair || !isNode(key) || !key.range) return range;
      range = { from: key.range[0], to: key.range[1] };
      node = isNode(pair.value) ? (pair.value as ParsedNode) : null;
    } else if (isSeq(node) && typeof part === "number") {
      const item: ParsedNode | undefined = node.items[part] as ParsedNode | undefined;
      if (!item?.range) return range;
      range = firstLine(text, item.range[0]);
      node = item;
    } else {
      return range;
    }
  }
  if (!isScalar(node) || !node.range || node.range[1] <= node.range[0]) return range;
  const [from, to] = node.range;
  if (position === null) return { from, to };
  const at = Math.min(sourceOffset(text, node, position), Math.max(from, to - 1));
  const word = /^[$\w]+/.exec(text.slice(at, to));
  return { from: at, to: at + (word?.[0].length ?? 1) };
}

function firstLine(text: string, from: number): Range {
  const end = text.indexOf("\n", from);
  return { from, to: Math.max(from, end === -1 ? text.length : end) };
}

/** Return where the character of a scalar's value stands in the text: quotes, escapes and folds take room. */
function sourceOffset(text: string, node: Scalar, position: number): number {
  const [from, to] = node.range ?? [0, 0, 0];
  const quoted = node.type === Scalar.QUOTE_DOUBLE || node.type === Scalar.QUOTE_SINGLE;
  const block = node.type === Scalar.BLOCK_FOLDED || node.type === Scalar.BLOCK_LITERAL;
  let at = block ? afterSpace(text, text.indexOf("\n", from) + 1) : from + (quoted ? 1 : 0);
  for (let seen = 0; seen < position && at < to; seen += 1) {
    if (text[at] === "\n" || (/[ \t]/.test(text[at] ?? "") && /^[ \t]*\n/.test(text.slice(at, to)))) {
      // A line's end and the indentation that follows are one space of the value.
      at = afterSpace(text, at);
    } else if (node.type === Scalar.QUOTE_DOUBLE && text[at] === "\\") {
      at += 2;
    } else {
      at += node.type === Scalar.QUOTE_SINGLE && text.startsWith("''", at) ? 2 : 1;
    }
  }
  return at;
}

function afterSpace(text: string, at: number): number {
  return at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
}

function sentence(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

export type Form = "yaml" | "json";

export function formOf(text: string): Form {
  return text.trimStart().startsWith("{") ? "json" : "yaml";
}

// A map that is one thought fits a line: `{type: int, default: 14}`.
const SHORT = 96;
const LONG = 80;

/** Write a document as people write it. */
export function write(value: Json, form: Form): string {
  if (form === "json") return `${JSON.stringify(value, null, 2)}\n`;
  const document = new Document(value);
  visit(document, {
    Scalar(key, node) {
      // A paragraph or a long rule stands in lines of its own, without quotes.
      if (key === "value" && typeof node.value === "string" && node.value.length > LONG) {
        node.type = Scalar.BLOCK_FOLDED;
      }
    },
    Map(key, node, path) {
      const above = path.at(-1);
      const inList = typeof key === "number" && isSeq(above);
      const named = isPair(above) && isScalar(above.key) && above.key.value !== "indicators";
      const flat = node.items.length > 0 && node.items.every((pair) => isScalar(pair.value));
      if (path.length > 1 && named && !inList && flat && JSON.stringify(node).length < SHORT) {
        node.flow = true;
      }
    },
  });
  return document.toString({ lineWidth: 100, flowCollectionPadding: false });
}
