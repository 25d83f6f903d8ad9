/** The access token of who is signed in; it lives as long as the tab, and no longer. */
import { useSyncExternalStore } from "react";

const KEY = "stepfold.token";
const listeners = new Set<() => void>();

export function token(): string | null {
  return sessionStorage.getItem(KEY);
}

export function keepToken(value: string): void {
  sessionStorage.setItem(KEY, value);
  for (const listener of listeners) listener();
}

export function forgetToken(): void {
  if (token() === null) return;
  sessionStorage.removeItem(KEY);
  for (const listener of listeners) listener();
}

export function useToken(): string | null {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, token);
}
