import { PageHead } from "@/components/PageHead";

export function WorkflowPage() {
  return <PageHead title="Workflow" />;
}
