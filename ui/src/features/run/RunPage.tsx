import { PageHead } from "@/components/PageHead";

export function RunPage() {
  return <PageHead title="Run" />;
}
