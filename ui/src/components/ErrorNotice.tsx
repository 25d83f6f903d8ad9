import { ApiError, OfflineError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Notice } from "@/components/Notice";

interface Props {
  error: unknown;
  /** What could not be done, as the start of the sentence: "The runs could not be loaded". */
  what: string;
  onRetry?: () => void;
  /** Given, the notice can be put away. */
  onDismiss?: () => void;
}

/** A failure in the API's own words, with each field it names. */
export function ErrorNotice({ error, what, onRetry, onDismiss }: Props) {
  const named = error instanceof ApiError ? error.fields : [];
  // The API's detail is its only field's message already.
  const fields = named.length > 1 || !wordsOf(error).includes(named[0]?.message ?? "") ? named : [];
  return (
    <Notice
      kind="error"
      title={what}
      actions={
        (onRetry || onDismiss) && (
          <>
            {onRetry && <Button onClick={onRetry}>Try again</Button>}
            {onDismiss && (
              <Button kind="quiet" onClick={onDismiss}>
                Dismiss
              </Button>
            )}
          </>
        )
      }
    >
      {wordsOf(error)}
      {fields.length > 0 && (
        <ul>
          {fields.map((field) => (
            <li key={`${field.path} ${field.message}`}>
              <code>{field.path}</code>: {field.message}
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}

export function wordsOf(error: unknown): string {
  if (error instanceof OfflineError) return `${error.message}. Is the stack up? On this machine: stepfold up`;
  if (error instanceof Error) return error.message;
  return String(error);
}
