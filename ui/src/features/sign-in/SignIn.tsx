import { PageHead } from "@/components/PageHead";

export function SignIn() {
  return <PageHead title="Sign in" />;
}
