import type { Run } from "@/api/types";
export function Downloads({ run }: { run: Run; onClose: () => void }) {
  return run.name;
}
