import { PageHead } from "@/components/PageHead";

export function StrategyPage() {
  return <PageHead title="Strategy" />;
}
