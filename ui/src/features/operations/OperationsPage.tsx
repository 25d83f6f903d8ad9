import { PageHead } from "@/components/PageHead";

export function OperationsPage() {
  return <PageHead title="Operations" />;
}
