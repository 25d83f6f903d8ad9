import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { keepToken } from "@/api/token";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Field } from "@/components/Field";
import { Notice } from "@/components/Notice";
import type { Login } from "@/config";
import { type Answer, giveNewPassword, signIn } from "@/features/sign-in/cognito";
import styles from "@/features/sign-in/SignIn.module.css";

/** User and password of a Cognito user pool; a second step if the password has to be changed first. */
export function PasswordForm({ login }: { login: Login }) {
  // Only of the first sign-in with a password that somebody else chose.
  const [session, setSession] = useState<{ user: string; id: string } | null>(null);
  const attempt = useMutation({
    mutationFn: async ({ user, password }: { user: string; password: string }): Promise<Answer> =>
      session ? giveNewPassword(login, session.user, password, session.id) : signIn(login, user, password),
    onSuccess: (answer, { user }) => {
      if (answer.kind === "token") keepToken(answer.token);
      else setSession({ user, id: answer.session });
    },
    // The variables hold a password: they are not kept once it is answered.
    gcTime: 0,
  });

  function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    attempt.mutate({
      user: session?.user ?? String(form.get("username")).trim(),
      password: String(form.get("password")),
    });
  }

  return (
    // Another form of the same fields would keep what was typed into the first.
    <form key={session ? "new" : "first"} className={styles.form} onSubmit={onSubmit}>
      {session && (
        <Notice title="A new password is needed">
          The one you signed in with was chosen for you. Choose your own: it takes its place.
        </Notice>
      )}
      {!session && (
        <Field label="User" hint="The address that it was made with">
          {(control) => (
            <input {...control} name="username" autoComplete="username" spellCheck={false} required />
          )}
        </Field>
      )}
      <Field label={session ? "New password" : "Password"}>
        {(control) => (
          <input
            {...control}
            name="password"
            type="password"
            autoComplete={session ? "new-password" : "current-password"}
            required
          />
        )}
      </Field>
      {attempt.isError && <ErrorNotice error={attempt.error} what="Not signed in" />}
      <div>
        <Button type="submit" kind="primary" busy={attempt.isPending}>
          {session ? "Set it and sign in" : "Sign in"}
        </Button>
      </div>
    </form>
  );
}
