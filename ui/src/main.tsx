import "@fontsource-variable/inter/wght.css";
import "@/styles/tokens.css";
import "@/styles/page.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiProvider } from "@/api/context";
import { createQueries } from "@/api/queries";
import { loadConfig } from "@/config";
import { LiveProvider } from "@/features/live/LiveProvider";
import { createPageRouter } from "@/router";
import { applyTheme, keptTheme } from "@/shell/theme";
import { Unconfigured } from "@/shell/Unconfigured";

applyTheme(keptTheme());
const root = createRoot(document.getElementById("root") as HTMLElement);

loadConfig().then(
  (config) => {
    const queries = createQueries();
    root.render(
      <StrictMode>
        <ApiProvider config={config}>
          <QueryClientProvider client={queries}>
            <LiveProvider>
              <RouterProvider router={createPageRouter()} />
            </LiveProvider>
          </QueryClientProvider>
        </ApiProvider>
      </StrictMode>,
    );
  },
  (error: unknown) => root.render(<Unconfigured error={error} />),
);
