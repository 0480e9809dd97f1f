// Stands for a plugin of esbuild from npm: it puts a release into every bundle that it takes part in.
export function sentryEsbuildPlugin({ release = "of a deployment" }) {
  return {
    name: "sentry-esbuild-plugin",
    setup(build) {
      build.initialOptions.define = { ...build.initialOptions.define, SENTRY_RELEASE: JSON.stringify(release) };
    },
  };
}
