/**
 * Where this stage's API is: `config.json` beside the page, written by the deployment.
 * One build of the page serves every stage.
 */
export interface Login {
  kind: "cognito" | "external";
  /** Of the Cognito user pool: where to sign in, and as which client. */
  region?: string;
  clientId?: string;
  /** In place of the region's own address: an emulator's; without a host it is at the page's own. */
  endpoint?: string;
}

export interface Config {
  stage: string;
  /** The HTTP API's address; without a host it is below the page's own. */
  apiUrl: string;
  /** The WebSocket API's address; null where the stage has none: the page asks again instead of listening. */
  webSocketUrl: string | null;
  /** Null where the stage has no login. */
  login: Login | null;
}

export class ConfigError extends Error {}

export async function loadConfig(): Promise<Config> {
  const url = new URL("config.json", document.baseURI);
  const answer = await fetch(url, { cache: "no-store" });
  if (!answer.ok) {
    throw new ConfigError(
      `${url.pathname} answers ${answer.status}: the deployment writes it beside the page`,
    );
  }
  const read = (await answer.json()) as Partial<Config>;
  if (typeof read.apiUrl !== "string" || !read.apiUrl) {
    throw new ConfigError(`${url.pathname} names no apiUrl`);
  }
  return {
    stage: read.stage ?? "local",
    apiUrl: new URL(read.apiUrl, document.baseURI).href.replace(/\/$/, ""),
    webSocketUrl: read.webSocketUrl ? socketOf(read.webSocketUrl) : null,
    login: read.login ? loginOf(read.login) : null,
  };
}

/** Return an address of the WebSocket API; without a host it is at the page's own. */
function socketOf(address: string): string {
  return new URL(address, document.baseURI).href.replace(/^http/, "ws").replace(/\/$/, "");
}

function loginOf(login: Login): Login {
  if (!login.endpoint) return login;
  return { ...login, endpoint: new URL(login.endpoint, document.baseURI).href };
}
