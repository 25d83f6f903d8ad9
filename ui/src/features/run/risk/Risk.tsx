import type { Run } from "@/api/types";
export function Risk({ run }: { run: Run }) {
  return run.name;
}
