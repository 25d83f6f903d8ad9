/** Where in a document a cursor is: at the name of a field, or in a value. */
import { isMap, isNode, isPair, isScalar, isSeq, type Node, parseDocument, visit } from "yaml";

export type Path = (string | number)[];

export interface Place {
  /** A name may be written here, in the object at `path`, which has `present` already. */
  key: { path: Path; present: string[] } | null;
  /** A value may be written here; `before` is what it says up to the cursor. */
  value: { path: Path; before: string; quoted: boolean } | null;
  /** Where the word at the cursor begins. */
  from: number;
}

// A name that nobody writes, put in the place of the word at the cursor: the reader then says where it is.
const MARK = "zzCURSORzz";
const KEY_BEGINS = /(?:^\s*(?:- +)*|[{,]\s*)["']?$/;

export function placeAt(text: string, position: number): Place {
  const word = /\$?\w*$/.exec(text.slice(0, position))?.[0] ?? "";
  const from = position - word.length;
  const before = text.slice(0, from);
  const after = text.slice(position).replace(/^\w*/, "");
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const value = valueAt(before + MARK + after);
  const inside = value !== null && value.before.trim() !== "";
  const quote = /["']$/.exec(line)?.[0] ?? "";
  const rest = quote && after.startsWith(quote) ? after.slice(1) : after;
  const named = /^\s*:/.test(rest) ? rest : `: 0${rest}`;
  const key = !inside && KEY_BEGINS.test(line) ? keyAt(`${before}${MARK}${quote}${named}`) : null;
  return { key, value, from };
}

function valueAt(text: string): Place["value"] {
  let found: Place["value"] = null;
  visit(parseDocument(text, { uniqueKeys: false }), {
    Scalar(key, node, path) {
      if (key === "key" || typeof node.value !== "string" || !node.value.includes(MARK)) return undefined;
      found = {
        path: pathOf(path, node),
        before: node.value.slice(0, node.value.indexOf(MARK)),
        quoted: node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE",
      };
      return visit.BREAK;
    },
  });
  return found;
}

function keyAt(text: string): Place["key"] {
  let found: Place["key"] = null;
  visit(parseDocument(text, { uniqueKeys: false }), {
    Map(_, node, path) {
      const names = node.items.map((pair) => (isScalar(pair.key) ? String(pair.key.value) : ""));
      if (!names.includes(MARK)) return undefined;
      found = { path: pathOf(path, node), present: names.filter((name) => name !== MARK) };
      return visit.BREAK;
    },
  });
  return found;
}

/** Return the names and numbers that lead to a node. */
function pathOf(above: readonly unknown[], node: Node): Path {
  const path: Path = [];
  const chain = [...above, node];
  chain.forEach((step, index) => {
    const next = chain[index + 1];
    if (isPair(step) && isScalar(step.key) && next !== undefined) path.push(String(step.key.value));
    else if (isSeq(step) && isNode(next)) path.push(step.items.indexOf(next));
    else if (isMap(step)) return;
  });
  return path;
}
