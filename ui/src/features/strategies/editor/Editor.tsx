/**
 * CodeMirror with a strategy's document in it. Loaded with `lazy`: it is larger than all the rest of the page.
 * React owns the text; the view is made once and told of what changed outside of it.
 */
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { useEffect, useRef } from "react";
import { type Offer, offersAt } from "@/features/strategies/editor/completion";
import { type Flaw, type Json, read } from "@/features/strategies/editor/document";
import { look } from "@/features/strategies/editor/look";
import type { Schema } from "@/features/strategies/editor/schema";

export interface EditorProps {
  label: string;
  text: string;
  /** Left out, the text can be read and copied and not changed. */
  onChange?: (text: string) => void;
  flaws?: Flaw[];
  schema?: Schema | undefined;
  /** Set anew, the cursor goes there. */
  goTo?: { offset: number } | null;
  describedBy?: string;
  invalid?: boolean;
}

export function Editor(props: EditorProps) {
  const { label, text, onChange, flaws, goTo, describedBy, invalid = false } = props;
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  // What the view's callbacks need of the newest properties.
  const latest = useRef(props);
  latest.current = props;
  const editable = onChange !== undefined;

  useEffect(() => {
    if (box.current === null) return undefined;
    const made = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: latest.current.text,
        extensions: [
          ...(editable ? extensionsOfWriting(latest) : [EditorState.readOnly.of(true)]),
          lineNumbers(),
          drawSelection(),
          yaml(),
          bracketMatching(),
          EditorView.lineWrapping,
          look,
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, [editable]);

  useEffect(() => {
    const shown = view.current;
    if (shown === null || shown.state.doc.toString() === text) return;
    shown.dispatch({ changes: { from: 0, to: shown.state.doc.length, insert: text } });
  }, [text]);

  useEffect(() => {
    const shown = view.current;
    if (shown === null) return;
    const length = shown.state.doc.length;
    const diagnostics = (flaws ?? []).map(
      ({ from, to, message }): Diagnostic => ({
        from: Math.min(from, length),
        to: Math.min(to, length),
        severity: "error",
        message,
      }),
    );
    shown.dispatch(setDiagnostics(shown.state, diagnostics));
  }, [flaws]);

  useEffect(() => {
    const shown = view.current;
    if (shown === null || !goTo) return;
    const anchor = Math.min(goTo.offset, shown.state.doc.length);
    shown.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    shown.focus();
  }, [goTo]);

  useEffect(() => {
    const content = view.current?.contentDOM;
    if (!content) return;
    content.setAttribute("aria-label", label);
    content.setAttribute("aria-invalid", String(invalid));
    if (describedBy) content.setAttribute("aria-describedby", describedBy);
    content.setAttribute("aria-readonly", String(!editable));
  }, [label, invalid, describedBy, editable]);

  return <div ref={box} />;
}

function extensionsOfWriting(latest: { readonly current: EditorProps }) {
  let known: Json | null = null;
  const complete = (context: CompletionContext): CompletionResult | null => {
    const { schema } = latest.current;
    if (!schema) return null;
    const text = context.state.doc.toString();
    known = read(text).value ?? known;
    const { from, offers } = offersAt(text, context.pos, schema, known);
    if (offers.length === 0 || (from === context.pos && !context.explicit)) return null;
    return { from, options: offers.map(optionOf), validFor: /^\$?\w*$/ };
  };
  return [
    history(),
    indentOnInput(),
    indentUnit.of("  "),
    closeBrackets(),
    autocompletion({ override: [complete], icons: false }),
    lintGutter(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    // Tab is left to the browser: the keyboard must find its way out.
    keymap.of([
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...historyKeymap,
      ...completionKeymap,
      ...lintKeymap,
    ]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) latest.current.onChange?.(update.state.doc.toString());
    }),
  ];
}

function optionOf({ label, apply, detail, says, first, kind }: Offer): Completion {
  return {
    label,
    apply,
    type: kind,
    boost: first ? 10 : kind === "keyword" ? -5 : 0,
    ...(detail ? { detail } : {}),
    ...(says ? { info: says } : {}),
  };
}
