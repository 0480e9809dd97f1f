import { channel } from "node:diagnostics_channel";

/**
 * Moments on the way of a run, on channels of `node:diagnostics_channel`: whoever wants to know where the time goes subscribes,
 * and is given the message or the statements that the moment is about. Without a subscriber they cost nothing.
 */
export const moments = {
  /** A trigger call is parsed and its caller known: `{ taskId }` and what else was asked for. */
  triggerRead: channel("pawl.trigger_read"),
  /** The server sends statements to Postgres, those of one transaction together: an array of them. */
  statementsSent: channel("pawl.statements_sent"),
  /** Postgres has answered them and, if they change something, committed: the same array. */
  statementsAnswered: channel("pawl.statements_answered"),
  /** Server or host writes a message to the other. */
  messageSent: channel("pawl.message_sent"),
  /** Server or host has read a message of the other. */
  messageReceived: channel("pawl.message_received"),
  /** Host or run process writes a message to the other: `{ kind, body }`. */
  lineSent: channel("pawl.line_sent"),
  /** Host or run process has read a message of the other: `{ kind, body }`. */
  lineReceived: channel("pawl.line_received"),
} as const;
