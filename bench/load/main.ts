import { clientCalls, clientsInTurn } from "./clients.ts";
import { echoDuring } from "./echo-client.ts";
import { liveUpdates } from "./live-updates.ts";
import type { LoadCalls, LoadMessage, LoadReply } from "./protocol.ts";
import { triggerAtOnce, triggerBatches, triggerDuring, triggerPaced, triggerSpaced } from "./triggers.ts";

// The load: a backend of its own that triggers through the SDK, as an app does. It is forked, does what it is asked for, one
// request at a time, and ends when whoever forked it is gone. Server and key come from TRIGGER_API_URL and TRIGGER_SECRET_KEY.

function answer(message: LoadMessage): Promise<LoadCalls[keyof LoadCalls]["answer"]> {
  switch (message.kind) {
    case "trigger_during":
      return triggerDuring(message.request);
    case "trigger_batches":
      return triggerBatches(message.request);
    case "trigger_spaced":
      return triggerSpaced(message.request);
    case "trigger_paced":
      return triggerPaced(message.request);
    case "trigger_at_once":
      return triggerAtOnce(message.request);
    case "client_calls":
      return clientCalls(message.request);
    case "clients_in_turn":
      return clientsInTurn(message.request);
    case "live_updates":
      return liveUpdates(message.request);
    case "echo_during":
      return echoDuring(message.request);
  }
}

async function serve(message: LoadMessage): Promise<void> {
  const reply: LoadReply = await answer(message).then(
    (answered) => ({ id: message.id, answer: answered }),
    (error: unknown) => ({
      id: message.id,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }),
  );
  process.send?.(reply);
}

process.on("message", (message: LoadMessage) => void serve(message));
process.once("disconnect", () => process.exit(0));
