import type { Run } from "@/api/types";
export function Configuration({ run }: { run: Run }) {
  return run.name;
}
