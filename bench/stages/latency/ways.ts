import type { Step } from "./chain.ts";

const ofRun = { isOfRun: true } as const;
const ofAny = { isOfRun: false } as const;
const server = { role: "server" } as const;
const host = { role: "host" } as const;
const child = { role: "process" } as const;
const sent = { channel: "pawl.message_sent" } as const;
const received = { channel: "pawl.message_received" } as const;
const lineSent = { channel: "pawl.line_sent" } as const;
const lineReceived = { channel: "pawl.line_received" } as const;
const statementsSent = { channel: "pawl.statements_sent" } as const;
const statementsAnswered = { channel: "pawl.statements_answered" } as const;

/** From the sent insert of a run until its outcome is committed; a child goes the same way. */
const life: readonly Step[] = [
  {
    stage: "Postgres inserts and claims, and commits",
    name: "inserted",
    found: { ...server, ...statementsAnswered, ...ofRun, label: /runs_insert/ },
  },
  {
    stage: "the server makes the host's message",
    name: "pushed",
    found: { ...server, ...sent, ...ofRun, label: /^runs$/ },
  },
  {
    stage: "WebSocket: the run, to the host",
    name: "push_read",
    found: { ...host, ...received, ...ofRun, label: /^runs$/ },
  },
  { stage: "the host chooses a process", name: "ordered", found: { ...host, ...lineSent, ...ofRun, label: /^runs$/ } },
  {
    stage: "TCP: the run, to the process",
    name: "order_read",
    found: { ...child, ...lineReceived, ...ofRun, label: /^runs$/ },
  },
  { stage: "the process reads the payload and calls run()", name: "began", found: null },
  {
    stage: "run(), and its output written",
    name: "ended",
    found: { ...child, ...lineSent, ...ofRun, label: /^end$/ },
  },
  {
    stage: "TCP: the result, to the host",
    name: "end_read",
    found: { ...host, ...lineReceived, ...ofRun, label: /^end$/ },
  },
  {
    stage: "the host writes a report",
    name: "reported",
    found: { ...host, ...sent, ...ofRun, label: /^report$/ },
  },
  {
    stage: "WebSocket: the report, to the server",
    name: "report_read",
    found: { ...server, ...received, ...ofRun, label: /^report$/ },
  },
  {
    stage: "the server makes the statements of the end",
    name: "settling",
    found: { ...server, ...statementsSent, ...ofRun, label: /runs_complete/ },
  },
  {
    stage: "Postgres settles, and commits: the run has its outcome",
    name: "settled",
    found: { ...server, ...statementsAnswered, ...ofRun, label: /runs_complete/ },
  },
];

/** A single run, from before the client's call until its outcome is committed. */
export const singleRun: readonly Step[] = [
  {
    stage: "client: the call, to the server",
    name: "arrived",
    found: { ...server, ...ofAny, channel: "http.server.request.start", label: /\/trigger$/ },
  },
  {
    stage: "the server authenticates, reads and checks it",
    name: "read",
    found: { ...server, ...ofAny, channel: "pawl.trigger_read", label: /^/ },
  },
  {
    stage: "it joins an array, and the statements are made",
    name: "inserting",
    found: { ...server, ...statementsSent, ...ofRun, label: /runs_insert/ },
  },
  ...life,
];

/** `triggerAndWait` of a child, from before the parent's call until its code goes on. */
export const roundTrip: readonly Step[] = [
  {
    stage: "parent: the call is written",
    name: "call_sent",
    found: { ...child, ...lineSent, ...ofAny, label: /^call$/ },
  },
  {
    stage: "TCP: the call, to the host",
    name: "call_read",
    found: { ...host, ...lineReceived, ...ofAny, label: /^call$/ },
  },
  {
    stage: "the host gathers calls",
    name: "calls_sent",
    found: { ...host, ...sent, ...ofAny, label: /^calls$/ },
  },
  {
    stage: "WebSocket: the call, to the server",
    name: "calls_read",
    found: { ...server, ...received, ...ofAny, label: /^calls$/ },
  },
  {
    stage: "the call joins an array, and the statements are made",
    name: "inserting",
    found: { ...server, ...statementsSent, ...ofRun, label: /runs_insert/ },
  },
  ...life,
  {
    stage: "the server asks for the parent's slot",
    name: "resuming",
    found: { ...server, ...statementsSent, ...ofAny, label: /^(?!.*runs_(insert|complete)).*runs_resume/ },
    isOptional: true,
  },
  {
    stage: "Postgres gives the parent its slot, and commits",
    name: "resumed",
    found: { ...server, ...statementsAnswered, ...ofAny, label: /^(?!.*runs_(insert|complete)).*runs_resume/ },
    isOptional: true,
  },
  {
    stage: "the server reads the result and makes the message",
    name: "resume_sent",
    found: { ...server, ...sent, ...ofRun, label: /^resumed$/ },
  },
  {
    stage: "WebSocket: the result, to the host",
    name: "resume_read",
    found: { ...host, ...received, ...ofRun, label: /^resumed$/ },
  },
  {
    stage: "the host finds the parent's process",
    name: "resume_ordered",
    found: { ...host, ...lineSent, ...ofRun, label: /^resume$/ },
  },
  {
    stage: "TCP: the result, to the process",
    name: "resume_line_read",
    found: { ...child, ...lineReceived, ...ofRun, label: /^resume$/ },
  },
  { stage: "the parent's code goes on", name: "went_on", found: null },
];
