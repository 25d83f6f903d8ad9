import { Link } from "@tanstack/react-router";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Notice } from "@/components/Notice";

/** A page whose own code failed: say so, and leave the rest of the shell alive. */
export function Broken({ error }: { error: unknown }) {
  return <ErrorNotice error={error} what="This page could not be drawn" onRetry={() => location.reload()} />;
}

export function NotFound() {
  return (
    <Notice title="There is no such page">
      The address leads nowhere. <Link to="/runs">All runs</Link>
    </Notice>
  );
}
