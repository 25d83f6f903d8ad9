import { PageHead } from "@/components/PageHead";

export function StrategiesPage() {
  return <PageHead title="Strategies" />;
}
