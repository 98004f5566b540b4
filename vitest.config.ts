// The test runner: every TypeScript test runs against the sources and the addon with test hooks.
// Type tests (*.test-d.ts) run in the same command.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { thalweg: fileURLToPath(new URL("./ts/src/index.ts", import.meta.url)) } },
  test: {
    include: ["__test__/**/*.test.ts"],
    env: { THALWEG_ADDON: "test" },
    setupFiles: ["__test__/support/quiet.ts"],
    // A process of its own for each file: a native crash is then that file's failure, not the runner's.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    typecheck: {
      enabled: true,
      tsconfig: "./tsconfig.json",
      include: ["__test__/**/*.test-d.ts"],
    },
  },
});
