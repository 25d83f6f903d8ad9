/** The API's errors at the fields of a form: a request that was refused, or a fetch that failed over one. */
import { ApiError, type FieldError } from "@/api/errors";

export type FieldErrors = Record<string, string>;

/** Return the errors of the fields that the form has, by field, and those that have no place in it. */
export function placed(errors: FieldError[], fields: readonly string[]): [FieldErrors, FieldError[]] {
  const at: FieldErrors = {};
  const others: FieldError[] = [];
  for (const error of errors) {
    if (!fields.includes(error.path)) others.push(error);
    else at[error.path] = at[error.path] ? `${at[error.path]}; ${error.message}` : error.message;
  }
  return [at, others];
}

export function fieldsOf(error: unknown): FieldError[] {
  return error instanceof ApiError ? error.fields : [];
}
