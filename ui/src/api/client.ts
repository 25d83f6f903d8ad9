/** The one client of the API: typed by its OpenAPI document, every failure an `ApiError`. */
import createClient, { type Middleware } from "openapi-fetch";
import { ApiError, OfflineError, type Problem } from "@/api/errors";
import type { paths } from "@/api/schema";
import { forgetToken, token } from "@/api/token";
import type { Config } from "@/config";

export type Api = ReturnType<typeof createApi>;

export function createApi(config: Config) {
  const api = createClient<paths>({ baseUrl: config.apiUrl, fetch: reach });
  const authorise: Middleware = {
    onRequest({ request }) {
      const held = token();
      if (held) request.headers.set("authorization", `Bearer ${held}`);
      return request;
    },
    async onResponse({ response }) {
      if (response.ok) return undefined;
      if (response.status === 401) forgetToken();
      throw new ApiError(response.status, await problemOf(response), response.headers.get("retry-after"));
    },
  };
  api.use(authorise);
  return api;
}

async function reach(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new OfflineError(new URL(request.url).origin);
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback: Problem = {
    title: response.statusText || `status ${response.status}`,
    status: response.status,
  };
  try {
    // A gateway's own refusal says `message`, the API's a problem document.
    const body = (await response.json()) as Partial<Problem> & { message?: string };
    return { ...fallback, ...body, detail: body.detail ?? body.message ?? "" };
  } catch {
    return fallback;
  }
}

/** Return the data of an answer; openapi-fetch types it as possibly absent, which `onResponse` rules out. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}
