/**
 * The fetches, imports and resamplings that were begun in this tab: which ones, so that a reload still shows
 * them. What became of each is the API's to say. All of everybody's stand under Operations.
 */
import { useSyncExternalStore } from "react";
import type { FetchValues } from "@/features/data/FetchDialog";

export type Job =
  | { kind: "fetch"; id: string; datasetId: string; values: FetchValues }
  | { kind: "import"; id: string; datasetId: string; file: string }
  | { kind: "resample"; id: string; datasetId: string; madeOf: string };

const KEY = "stepfold.datajobs";
const listeners = new Set<() => void>();
let held = read();

function read(): Job[] {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "[]") as Job[];
  } catch {
    return [];
  }
}

function write(jobs: Job[]): void {
  held = jobs;
  sessionStorage.setItem(KEY, JSON.stringify(jobs));
  for (const listener of listeners) listener();
}

/** The query of what became of a job. */
export function jobKey(id: string): string[] {
  return ["datajob", id];
}

/** Show a job, the newest first; one that is begun again takes the place of what it was. */
export function addJob(job: Job): void {
  write([job, ...held.filter((other) => other.id !== job.id)]);
}

export function dropJob(id: string): void {
  write(held.filter((job) => job.id !== id));
}

export function useJobs(): Job[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => held,
  );
}
