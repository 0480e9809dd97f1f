import { sentryEsbuildPlugin } from "@sentry/esbuild-plugin";
import { esbuildPlugin } from "@trigger.dev/build/extensions";
import { additionalFiles, aptGet, ffmpeg } from "@trigger.dev/build/extensions/core";
import { lightpanda } from "@trigger.dev/build/extensions/lightpanda";
import { playwright } from "@trigger.dev/build/extensions/playwright";
import { prismaExtension } from "@trigger.dev/build/extensions/prisma";
import { pythonExtension } from "@trigger.dev/python/extension";
import { defineConfig } from "@trigger.dev/sdk";

export default defineConfig({
  project: "proj_seeds",
  machine: "small-1x",
  retries: { default: { maxAttempts: 2, minTimeoutInMs: 50, maxTimeoutInMs: 100, factor: 2, randomize: false } },
  build: {
    extensions: [
      playwright(),
      ffmpeg(),
      aptGet({ packages: ["curl"] }),
      additionalFiles({ files: ["prompts/**"] }),
      prismaExtension({ version: "5.19.0", schema: "prisma/schema.prisma" }),
      pythonExtension(),
      lightpanda(),
      esbuildPlugin(
        sentryEsbuildPlugin({
          org: process.env.SENTRY_ORG,
          project: process.env.SENTRY_PROJECT,
          authToken: process.env.SENTRY_AUTH_TOKEN,
        }),
        { placement: "last", target: "deploy" },
      ),
      esbuildPlugin(sentryEsbuildPlugin({ release: "of the test" }), { placement: "last", target: "dev" }),
    ],
  },
});
