import { tasks } from "@pawl/sdk";

// A hook for every task, which a test asks for: none may then share its process while it waits.
if (process.env.PAWL_E2E_GLOBAL_HOOK === "onWait") tasks.onWait(() => undefined);
