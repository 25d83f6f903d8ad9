import { useEffect, useState } from "react";
import { Button } from "@/components/Button";

const SHOWN_MS = 2_000;

/** Copy a text; says whether it worked, which a browser may refuse. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [said, setSaid] = useState<"copied" | "refused" | null>(null);
  useEffect(() => {
    if (said === null) return undefined;
    const timer = setTimeout(() => setSaid(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <Button
      kind="quiet"
      icon={said === "copied" ? "check" : "copy"}
      aria-label={`Copy the ${what}`}
      onClick={() => {
        // Without a secure context there is no clipboard.
        const written = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
        written.then(
          () => setSaid("copied"),
          () => setSaid("refused"),
        );
      }}
    >
      <span role="status">
        {said === "copied" ? "Copied" : said === "refused" ? "The browser refused; mark it by hand" : "Copy"}
      </span>
    </Button>
  );
}
