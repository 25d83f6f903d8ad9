import { PageHead } from "@/components/PageHead";

export function ComparePage() {
  return <PageHead title="Compare" />;
}
