import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useConfig } from "@/api/context";
import { PageHead } from "@/components/PageHead";
import { PasswordForm } from "@/features/sign-in/PasswordForm";
import styles from "@/features/sign-in/SignIn.module.css";
import { TokenForm } from "@/features/sign-in/TokenForm";

/** In place of every page until there is a token. */
export function SignIn() {
  const { login, stage } = useConfig();
  const queries = useQueryClient();
  // What the last one saw is not for the next one.
  useEffect(() => queries.removeQueries({ type: "inactive" }), [queries]);
  if (login === null) return null;
  return (
    <div className={styles.page}>
      <PageHead title="Sign in" below={`Stage ${stage}`} />
      {login.kind === "cognito" ? <PasswordForm login={login} /> : <TokenForm />}
    </div>
  );
}
