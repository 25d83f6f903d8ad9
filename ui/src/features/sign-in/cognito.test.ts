import { afterEach, expect, test, vi } from "vitest";
import { answerOf, refusalOf, SignInError, signIn } from "@/features/sign-in/cognito";

const login = { kind: "cognito", region: "eu-central-1", clientId: "client" } as const;

afterEach(() => vi.unstubAllGlobals());

function answers(status: number, body: object) {
  const asked = vi.fn(
    async (_url: string, _init: RequestInit) => new Response(JSON.stringify(body), { status }),
  );
  vi.stubGlobal("fetch", asked);
  return asked;
}

test("a password is exchanged for the access token at the pool's own address", async () => {
  const asked = answers(200, { AuthenticationResult: { AccessToken: "access", IdToken: "id" } });
  expect(await signIn(login, "ada", "secret")).toEqual({ kind: "token", token: "access" });
  const [url, init] = asked.mock.calls[0] ?? [];
  expect(url).toBe("https://cognito-idp.eu-central-1.amazonaws.com/");
  expect(JSON.parse(String(init?.body))).toEqual({
    AuthFlow: "USER_PASSWORD_AUTH",
    ClientId: "client",
    AuthParameters: { USERNAME: "ada", PASSWORD: "secret" },
  });
});

test("an emulator is asked in place of the region", async () => {
  const asked = answers(200, { AuthenticationResult: { AccessToken: "access" } });
  await signIn({ ...login, endpoint: "http://127.0.0.1:4566/" }, "ada", "secret");
  expect(asked.mock.calls[0]?.[0]).toBe("http://127.0.0.1:4566/");
});

test("a refusal is a sentence, and does not tell whether the user exists", async () => {
  answers(400, { __type: "NotAuthorizedException", message: "Incorrect username or password." });
  await expect(signIn(login, "ada", "wrong")).rejects.toThrow("The user or the password is wrong");
  expect(refusalOf({ __type: "com.amazonaws#UserNotFoundException" }, 400)).toBe(
    "The user or the password is wrong",
  );
  expect(refusalOf({ __type: "NotAuthorizedException", message: "Password attempts exceeded" }, 400)).toMatch(
    /Too many/,
  );
  expect(refusalOf({}, 503)).toBe("The user pool answers 503");
});

test("a first sign-in asks for a new password, other challenges are named", () => {
  expect(answerOf({ ChallengeName: "NEW_PASSWORD_REQUIRED", Session: "s" })).toEqual({
    kind: "new-password",
    session: "s",
  });
  expect(() => answerOf({ ChallengeName: "SOFTWARE_TOKEN_MFA", Session: "s" })).toThrow(/software token mfa/);
});

test("a configuration without a pool says what it lacks", async () => {
  await expect(signIn({ kind: "cognito" }, "ada", "secret")).rejects.toThrow(SignInError);
});
