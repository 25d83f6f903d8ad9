import type { components } from "@/api/schema";

export type FieldError = components["schemas"]["ErrorItem"];

/** RFC 9457; a gateway's answers have less of it. `run_ids`: of a dataset that cannot go, the runs that use it. */
export type Problem = Partial<components["schemas"]["Problem"]> & {
  title: string;
  status: number;
  run_ids?: string[];
};

/** The API refused: `problem.errors` names each field and what to do. */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Problem;
  readonly retryAfter: number | null;

  constructor(status: number, problem: Problem, retryAfter: string | null) {
    super(problem.detail || problem.title);
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter === null ? null : Number(retryAfter);
  }

  get fields(): FieldError[] {
    return this.problem.errors ?? [];
  }
}

/** Nothing answers at the API's address. */
export class OfflineError extends Error {
  readonly origin: string;

  constructor(origin: string) {
    super(`The API at ${origin} does not answer`);
    this.origin = origin;
  }
}

/** Whether asking again can help: what the request itself is wrong about stays wrong. */
export function isPassing(error: unknown): boolean {
  if (error instanceof OfflineError) return true;
  return error instanceof ApiError && (error.status >= 500 || error.status === 429);
}
