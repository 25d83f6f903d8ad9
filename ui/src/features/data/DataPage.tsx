import { PageHead } from "@/components/PageHead";

export function DataPage() {
  return <PageHead title="Data" />;
}
