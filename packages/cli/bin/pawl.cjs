#!/usr/bin/env node
"use strict";
// Written so that any Node can read it: a Node that is too old has to reach this message.
const minimum = 22;
if (parseInt(process.versions.node, 10) < minimum) {
  process.stderr.write(
    "pawl needs Node.js " +
      minimum +
      " or newer, and this is " +
      process.versions.node +
      ': install a newer one from https://nodejs.org, or with your version manager, for example "nvm install 24".\n',
  );
  process.exit(1);
}
void import("@pawl/cli/main").then((cli) => cli.main(process.argv));
