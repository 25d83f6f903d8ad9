import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { useRef } from "react";
import { data } from "@/api/client";
import { useApi, useConfig } from "@/api/context";
import { forgetToken, useToken } from "@/api/token";
import { Button } from "@/components/Button";
import { Icon, type IconName } from "@/components/Icon";
import { SignIn } from "@/features/sign-in/SignIn";
import styles from "@/shell/Shell.module.css";
import { chooseTheme, useTheme } from "@/shell/theme";

const PLACES: { to: string; label: string; icon: IconName }[] = [
  { to: "/new", label: "New run", icon: "plus" },
  { to: "/runs", label: "Runs", icon: "list" },
  { to: "/strategies", label: "Strategies", icon: "document" },
  { to: "/data", label: "Data", icon: "candles" },
  { to: "/operations", label: "Operations", icon: "pulse" },
];

/** What surrounds every page: where to go, whether the API answers, how the page looks. */
export function Shell() {
  const config = useConfig();
  const signedIn = useToken() !== null;
  const main = useRef<HTMLElement>(null);
  const health = useHealth();
  const locked = config.login !== null && !signedIn;
  return (
    <div className={styles.shell}>
      {/* The addresses stand behind a #, so this cannot be a link to one. */}
      <button type="button" className={styles.skip} onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header className={styles.side}>
        <Link to="/runs" className={styles.brand} aria-label="Stepfold, all runs">
          <Mark />
          <span>Stepfold</span>
        </Link>
        <nav aria-label="Pages" className={styles.places}>
          {PLACES.map(({ to, label, icon }) => (
            <Link key={to} to={to} className={styles.place} activeProps={{ className: styles.here ?? "" }}>
              <Icon name={icon} />
              <span>{label}</span>
            </Link>
          ))}
        </nav>
        <div className={styles.foot}>
          {config.login !== null && signedIn && (
            <Button kind="quiet" onClick={forgetToken}>
              Sign out
            </Button>
          )}
          <ThemeSwitch />
          <Health state={health} />
        </div>
      </header>
      <main ref={main} tabIndex={-1} className={styles.main}>
        {health === "down" && (
          <div className={styles.banner} role="alert">
            The API does not answer; what is shown may be old. It is asked again every 3 seconds.
          </div>
        )}
        {locked ? <SignIn /> : <Outlet />}
      </main>
    </div>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
      <path
        d="M5 24h6v-6h6v-6h6V6h4"
        fill="none"
        stroke="var(--accent)"
        strokeWidth="3.4"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  );
}

function ThemeSwitch() {
  const theme = useTheme();
  const other = theme === "dark" ? "light" : "dark";
  const words = other === "light" ? "Light" : "Dark";
  return (
    // On a phone the words are not shown.
    <Button
      kind="quiet"
      icon={theme === "dark" ? "sun" : "moon"}
      aria-label={words}
      onClick={() => chooseTheme(other)}
    >
      <span className={styles.words}>{words}</span>
    </Button>
  );
}

const EVERY_MS = 15_000;

type HealthState = "asking" | "up" | "down";

/** Ask for the API's health: the rest of the page may be what was loaded before. */
function useHealth(): HealthState {
  const api = useApi();
  const health = useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => data(api.GET("/health", { signal })),
    refetchInterval: (query) => (query.state.error ? 3_000 : EVERY_MS),
    retry: false,
  });
  return health.isError ? "down" : health.isSuccess ? "up" : "asking";
}

function Health({ state }: { state: HealthState }) {
  const { stage } = useConfig();
  const words = { asking: "Asking the API…", up: `Stage ${stage}`, down: "API does not answer" }[state];
  return (
    <div className={styles.health} data-state={state} role="status">
      <span className={styles.dot} aria-hidden="true" />
      <span className={styles.words}>{words}</span>
    </div>
  );
}
