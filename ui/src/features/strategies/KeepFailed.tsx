import { ApiError } from "@/api/errors";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { LinkButton } from "@/components/LinkButton";
import { Notice } from "@/components/Notice";

interface Props {
  error: unknown;
  /** Of the strategy that was to be changed; "" where a new one was to be made. */
  id: string;
  /** Save all the same, as the version after this one. */
  onNext: (basedOn: number, id: string) => void;
}

/** Why a document was not kept, and what can be done: somebody was faster, or its id is taken. */
export function KeepFailed({ error, id, onNext }: Props) {
  const there = thereOf(error, id);
  if (there === null) return <ErrorNotice error={error} what="The strategy was not saved" />;
  const { strategyId, version, stale } = there;
  return (
    <Notice
      kind="warn"
      title={
        stale
          ? `Somebody saved version ${version} meanwhile`
          : `You have a strategy ${strategyId} already, at version ${version}`
      }
      actions={
        <>
          <Button onClick={() => onNext(version, strategyId)}>Save this as its version {version + 1}</Button>
          <LinkButton
            kind="quiet"
            icon="external"
            to="/strategies/$strategyId"
            params={{ strategyId }}
            search={{ version }}
            target="_blank"
          >
            Look at version {version} first
          </LinkButton>
        </>
      }
    >
      {stale
        ? "Nothing is lost: no version ever changes. Look at theirs and put your change into it, or save yours after it."
        : "Save this as its next version, or under another id."}
    </Notice>
  );
}

interface There {
  strategyId: string;
  version: number;
  stale: boolean;
}

/** Return the strategy that stands in the way, if that is what is wrong. */
function thereOf(error: unknown, id: string): There | null {
  if (!(error instanceof ApiError) || error.status !== 409) return null;
  // Problems carry more than their standard members where their type has more to say.
  const { current_version: version, strategy_id: taken } = error.problem as Record<string, unknown>;
  if (typeof version !== "number") return null;
  return { strategyId: typeof taken === "string" ? taken : id, version, stale: typeof taken !== "string" };
}
