import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { requestSchemas } from "./requestSchemas.ts";

/** While developing, the configuration that a deployment writes beside the page comes from STEPFOLD_API_URL. */
function developersConfig(): Plugin {
  return {
    name: "developers-config",
    configureServer(server) {
      server.middlewares.use("/config.json", (_request, response) => {
        const apiUrl = process.env.STEPFOLD_API_URL ?? "";
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ stage: "local", apiUrl, webSocketUrl: null, login: null }));
      });
    },
  };
}

export default defineConfig({
  // The page is found below any path: at the root of a domain on AWS, under the emulator's own address locally.
  base: "./",
  plugins: [react(), requestSchemas(), developersConfig()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2022",
    // A data: address would need an exception in the content security policy.
    assetsInlineLimit: 0,
    // So that the budgets can be checked by what the entry loads.
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
  },
  server: { host: "127.0.0.1" },
  test: { environment: "node" },
});
