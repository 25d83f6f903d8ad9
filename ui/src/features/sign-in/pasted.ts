/**
 * Say what is wrong with a pasted token, as far as can be seen without its issuer's key; null if nothing is.
 * The API judges it; this only spares a round trip that ends at the same form without a word.
 */
export function problemOf(token: string, now: number): string | null {
  const parts = token.split(".");
  if (parts.length !== 3) return "This is no token: it has three parts, with dots between them";
  let claims: { exp?: unknown; iss?: unknown };
  try {
    const text = (parts[1] as string).replaceAll("-", "+").replaceAll("_", "/");
    claims = JSON.parse(atob(text)) as typeof claims;
  } catch {
    return "This is no token: its second part cannot be read. Was all of it copied?";
  }
  if (typeof claims.exp === "number" && claims.exp * 1000 <= now) {
    return `It ended at ${new Date(claims.exp * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC; get a new one`;
  }
  return null;
}
