/** Uploading a file by the form that the API answered: straight to the store, with its progress. */
import { OfflineError } from "@/api/errors";
import type { components } from "@/api/schema";

type UploadForm = components["schemas"]["UploadForm"];

/** Resolve once the store has the file; `progress` hears the share that is sent, 0 to 100. */
export function upload(
  form: UploadForm,
  file: File,
  progress: (percent: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  // The store reads no field after the file.
  body.append("file", file);
  // `fetch` does not say how much of a body is sent.
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    request.upload.addEventListener("progress", ({ loaded, total }) => progress((100 * loaded) / total));
    request.addEventListener("load", () => {
      if (request.status < 300) resolve();
      else reject(new Error(`the store refused the file: ${reason(request)}`));
    });
    request.addEventListener("error", () => reject(new OfflineError(new URL(form.url).origin)));
    request.addEventListener("abort", () => reject(signal.reason));
    signal.addEventListener("abort", () => request.abort());
    request.open("POST", form.url);
    request.send(body);
  });
}

function reason(request: XMLHttpRequest): string {
  const said = /<Message>([^<]*)<\/Message>/.exec(request.responseText)?.[1];
  return said ?? `status ${request.status}`;
}
