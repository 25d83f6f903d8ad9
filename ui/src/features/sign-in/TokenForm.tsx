import { type FormEvent, useState } from "react";
import { keepToken } from "@/api/token";
import { Button } from "@/components/Button";
import { Field } from "@/components/Field";
import { problemOf } from "@/features/sign-in/pasted";
import styles from "@/features/sign-in/SignIn.module.css";

/** An access token of an issuer that this page cannot sign in to: it is pasted. */
export function TokenForm() {
  const [problem, setProblem] = useState<string | null>(null);

  function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get("token"))
      .trim()
      .replace(/^Bearer\s+/i, "");
    const found = problemOf(token, Date.now());
    setProblem(found);
    if (found === null) keepToken(token);
  }

  return (
    <form className={styles.form} onSubmit={onSubmit}>
      <Field
        label="Access token"
        hint="Of the issuer that this stage trusts. It is kept until this tab is closed, and sent to the API alone."
        error={problem}
      >
        {(control) => (
          <input {...control} name="token" type="password" autoComplete="off" spellCheck={false} required />
        )}
      </Field>
      <div>
        <Button type="submit" kind="primary">
          Sign in
        </Button>
      </div>
    </form>
  );
}
