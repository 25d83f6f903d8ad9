/** A document as it is typed: read at once, and checked by the API a moment after the last key. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import { ApiError, type FieldError } from "@/api/errors";
import type { Flaw, Json, Read } from "@/features/strategies/editor/document";

type Reader = typeof import("@/features/strategies/editor/document");

const PAUSE_MS = 350;

export interface Noted extends Flaw {
  line: number;
  path: string;
}

export interface CheckedDocument {
  /** The reader is there; before, nothing is known of the text. */
  ready: boolean;
  /** What the text says now; null where it is no document. */
  value: Json | null;
  /** Of the last text that was checked. */
  flaws: Noted[];
  state: "empty" | "checking" | "valid" | "invalid" | "unchecked";
  /** Why nobody could check it. */
  error: unknown;
  warmUpBars: number | null;
}

/** The reader of documents, once it is loaded: YAML's is too large for a page that may need none. */
export function useReader(wanted: boolean): Reader | null {
  const [reader, setReader] = useState<Reader | null>(null);
  useEffect(() => {
    let gone = false;
    if (wanted) {
      import("@/features/strategies/editor/document").then((loaded) => {
        if (!gone) setReader(loaded);
      });
    }
    return () => {
      gone = true;
    };
  }, [wanted]);
  return reader;
}

export function useDocument(text: string, wanted = true): CheckedDocument {
  const api = useApi();
  const reader = useReader(wanted);
  const settled = useSettled(text);
  const now = useMemo(() => reader?.read(text) ?? null, [reader, text]);
  const then = useMemo(() => reader?.read(settled) ?? null, [reader, settled]);
  const readable = then !== null && then.value !== null && then.flaws.length === 0;
  const check = useQuery({
    queryKey: ["strategies", "check", settled],
    queryFn: ({ signal }) =>
      data(
        api.POST("/strategies/validate", {
          body: { strategy: then?.value ?? {}, parameters: {} },
          signal,
        }),
      ),
    enabled: wanted && readable,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
  const last = useRef<Noted[]>([]);
  const refused = check.error instanceof ApiError ? check.error.fields : null;
  const errors = check.data?.errors ?? refused;
  const flaws = useMemo(() => {
    if (then === null) return [];
    if (!readable) return then.flaws.map((flaw) => ({ ...flaw, line: then.lineOf(flaw.from), path: "" }));
    // While it is checked, what was wrong before stays marked.
    const found = errors?.map((error) => noted(then, error)).sort((one, other) => one.from - other.from);
    return found ?? last.current;
  }, [then, readable, errors]);
  last.current = flaws;
  const typing = text !== settled || then === null;
  return {
    ready: reader !== null,
    value: now?.value ?? null,
    flaws,
    state: !text.trim()
      ? "empty"
      : !typing && !readable
        ? "invalid"
        : typing || check.isPending
          ? "checking"
          : check.data?.valid
            ? "valid"
            : errors
              ? "invalid"
              : "unchecked",
    error: refused ? null : check.error,
    warmUpBars: check.data?.warm_up_bars ?? null,
  };
}

function noted(read: Read, error: FieldError): Noted {
  const path = error.path.replace(/^strategy\.?/, "");
  const range = read.rangeOf(path, error.position);
  return { ...range, line: read.lineOf(range.from), path, message: error.message };
}

/** Return a text as it was when nobody had typed for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
