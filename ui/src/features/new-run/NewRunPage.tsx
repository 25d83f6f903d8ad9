import { PageHead } from "@/components/PageHead";

export function NewRunPage() {
  return <PageHead title="New run" />;
}
