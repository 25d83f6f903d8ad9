import { ApiError, OfflineError } from "@/api/errors";
import { Button } from "@/components/Button";
import { Notice } from "@/components/Notice";

interface Props {
  error: unknown;
  /** What could not be done, as the start of the sentence: "The runs could not be loaded". */
  what: string;
  onRetry?: () => void;
}

/** A failure in the API's own words, with each field it names. */
export function ErrorNotice({ error, what, onRetry }: Props) {
  const fields = error instanceof ApiError ? error.fields : [];
  return (
    <Notice kind="error" title={what} actions={onRetry && <Button onClick={onRetry}>Try again</Button>}>
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
