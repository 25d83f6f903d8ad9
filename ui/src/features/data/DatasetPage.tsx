import { PageHead } from "@/components/PageHead";

export function DatasetPage() {
  return <PageHead title="Dataset" />;
}
