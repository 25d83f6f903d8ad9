/**
 * Signing in to a Cognito user pool, by its own HTTP interface: two calls do not need a library of half a megabyte.
 * Nothing that is given here is kept or written anywhere but for the access token, and that by the caller.
 */
import type { Login } from "@/config";

export type Answer =
  | { kind: "token"; token: string }
  /** The first sign-in with a password that somebody else chose: a new one has to be given. */
  | { kind: "new-password"; session: string };

/** What Cognito refused, in a sentence for the reader. */
export class SignInError extends Error {}

const REFUSALS: Record<string, string> = {
  NotAuthorizedException: "The user or the password is wrong",
  UserNotFoundException: "The user or the password is wrong",
  UserNotConfirmedException: "This user is not confirmed yet; whoever runs this stage can confirm it",
  PasswordResetRequiredException: "The password must be set anew; whoever runs this stage can do it",
  TooManyRequestsException: "Too many attempts; try again in a minute",
  LimitExceededException: "Too many attempts; try again in a while",
  CodeMismatchException: "The code is wrong",
  ResourceNotFoundException:
    "The user pool has no such client: config.json beside the page names another one",
};

export function signIn(login: Login, user: string, password: string): Promise<Answer> {
  return ask(login, "InitiateAuth", {
    AuthFlow: "USER_PASSWORD_AUTH",
    ClientId: login.clientId,
    AuthParameters: { USERNAME: user, PASSWORD: password },
  });
}

export function giveNewPassword(
  login: Login,
  user: string,
  password: string,
  session: string,
): Promise<Answer> {
  return ask(login, "RespondToAuthChallenge", {
    ChallengeName: "NEW_PASSWORD_REQUIRED",
    ClientId: login.clientId,
    Session: session,
    ChallengeResponses: { USERNAME: user, NEW_PASSWORD: password },
  });
}

interface Reply {
  AuthenticationResult?: { AccessToken?: string };
  ChallengeName?: string;
  Session?: string;
  /** Of a refusal. */
  __type?: string;
  message?: string;
}

async function ask(login: Login, action: string, body: object): Promise<Answer> {
  const endpoint = endpointOf(login);
  let response: Response;
  try {
    response = await fetch(endpoint, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": `AWSCognitoIdentityProviderService.${action}`,
      },
      body: JSON.stringify(body),
    });
  } catch {
    throw new SignInError(`${new URL(endpoint).host} does not answer; is there a network?`);
  }
  const reply = (await response.json().catch(() => ({}))) as Reply;
  if (!response.ok) throw new SignInError(refusalOf(reply, response.status));
  return answerOf(reply);
}

function endpointOf({ endpoint, region, clientId }: Login): string {
  if (!clientId || !(endpoint || region)) {
    throw new SignInError("config.json beside the page names no user pool: it needs region and clientId");
  }
  return endpoint ?? `https://cognito-idp.${region}.amazonaws.com/`;
}

export function answerOf(reply: Reply): Answer {
  const token = reply.AuthenticationResult?.AccessToken;
  if (token) return { kind: "token", token };
  if (reply.ChallengeName === "NEW_PASSWORD_REQUIRED" && reply.Session) {
    return { kind: "new-password", session: reply.Session };
  }
  if (reply.ChallengeName) {
    const wanted = reply.ChallengeName.toLowerCase().replaceAll("_", " ");
    throw new SignInError(
      `This user also needs: ${wanted}. The page cannot ask for that; get an access token by the aws command line`,
    );
  }
  throw new SignInError("The user pool answered without a token");
}

export function refusalOf(reply: Reply, status: number): string {
  // `com.amazonaws…#NotAuthorizedException`, or the name alone.
  const name = reply.__type?.split("#").at(-1) ?? "";
  if (name === "NotAuthorizedException" && /attempts/i.test(reply.message ?? "")) {
    return "Too many wrong passwords; try again in a few minutes";
  }
  if (name === "NotAuthorizedException" && /session/i.test(reply.message ?? "")) {
    return "That took too long; sign in again";
  }
  if (name === "InvalidPasswordException") return reply.message ?? "The new password is too simple";
  return REFUSALS[name] ?? reply.message ?? `The user pool answers ${status}`;
}
