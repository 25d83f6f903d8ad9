import { Notice } from "@/components/Notice";

/** Without its configuration the page does not know whom to ask. */
export function Unconfigured({ error }: { error: unknown }) {
  return (
    <main style={{ padding: 32 }}>
      <Notice kind="error" title="The page does not know its API">
        {error instanceof Error ? error.message : String(error)}. Deploy the stage again: on this machine{" "}
        <code>stepfold up</code>, on AWS <code>make deploy</code>.
      </Notice>
    </main>
  );
}
