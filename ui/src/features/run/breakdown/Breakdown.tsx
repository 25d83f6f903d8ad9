import type { Run } from "@/api/types";
export function Breakdown({ run }: { run: Run }) {
  return run.name;
}
