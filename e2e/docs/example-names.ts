/** A task that examples trigger, and import the type of. */
export const exampleTask = `import { task } from "@pawl/sdk";

export const hello = task({
  id: "hello",
  run: async (payload: { name: string }) => ({ greeting: \`Hello, \${payload.name}\` }),
});
`;

/** What examples speak of without saying what it is: a reader knows, the compiler is told here. */
export const exampleNames = `import type * as sdk from "@pawl/sdk";
import type { TestKit } from "@pawl/sdk/testing";
import type * as zod from "zod";

type Report = sdk.Task<"report.make", { day: string }, string> & ((...about: unknown[]) => Promise<void>);
type City = zod.ZodObject<{ city: zod.ZodString }>;
type Weather = sdk.SchemaTask<"weather.city.read", City, { degrees: number }>;

declare global {
  interface Database {
    query(text: string): Promise<{ id: string }[]>;
    read(): Promise<{ id: string }[]>;
    close(): Promise<void>;
  }
  class ShopClosed extends Error {}
  class QuotaExceeded extends Error {
    readonly resetsAt: Date;
  }

  const hello: typeof import("./trigger/hello.ts").hello;
  const tick: sdk.Task<"tick">;
  const child: sdk.Task<"child", number, string>;
  const resize: sdk.Task<"resize", { url: string }, { width: number }>;
  const mail: sdk.Task<"mail.send", { to: string }> & sdk.Queue;
  const report: Report;
  const weather: Weather;
  const write: sdk.Task<"write">;
  const sendEmail: sdk.Task<"email.send", { to: string }, { id: string }>;
  const sendWelcome: sdk.Task<"welcome.send", { userId: string }, { width: number }>;
  const remindLater: sdk.Task<"remind.later", { userId: string }>;
  const publishPost: sdk.Task<"post.publish", { id: number }>;

  const handle: sdk.RunHandle<"hello", { name: string }, { greeting: string }> & sdk.BatchHandle;
  const action: { readonly id: string };
  const schedule: sdk.RetrievedSchedule;
  const token: sdk.WaitpointToken & { readonly publicAccessToken: string };
  const databaseLocal: sdk.LocalsKey<Database>;
  const approval: sdk.RealtimeDefinedInputStream<{ approved: boolean; by?: string }>;
  const chat: sdk.RealtimeDefinedInputStream<{ text: string }>;
  const stop: sdk.RealtimeDefinedInputStream<void>;
  const tokens: sdk.RealtimeDefinedStream<string>;
  const progress: sdk.RealtimeDefinedStream<{ step: string; done?: boolean }>;
  const completion: AsyncIterable<string>;
  const kit: TestKit;
  const assert: typeof import("node:assert/strict");
  const z: typeof import("zod").z;

  const accessToken: string;
  const baseURL: string;
  const batchId: string;
  const runId: string;
  const runIds: string[];
  const ownToken: string;
  const day: string;
  const shop: string;
  const url: string;
  const items: { id: "hello"; payload: { name: string } }[];
  const rows: { id: string }[];
  const payload: { day: string };
  const customer: { id: string; timezone: string };
  const user: { id: string; mail: string };
  const job: { id: string };
  const staging: { key: string; url: string };
  let text: string;

  const analytics: { flush(): Promise<void> };
  const audit: { began(runId: string): void; ended(runId: string, ok: boolean): void };
  const database: Database;
  const metrics: { count(task: string, output: unknown): void };
  const pool: { connect(): Promise<void>; end(): Promise<void> };
  const provider: { submit(payload: unknown): Promise<{ id: string }>; cancel(id: string): Promise<void> };
  const tracker: { capture(error: unknown, about: object): void };
  const uploader: { once(event: string, listener: () => void): void };

  function archiveAll(): Promise<void>;
  function buildReport(): Promise<string>;
  function cleanUp(): Promise<void>;
  function connect(): Promise<Database>;
  function deliver(to: string): Promise<void>;
  function hash(row: unknown): string;
  function importRow(row: unknown): Promise<void>;
  function isUpToDate(shop: string): Promise<boolean>;
  function later(afterMs: number | undefined): Promise<void>;
  function readRows(options?: { isLast: boolean }): Promise<{ id: string }[]>;
  function releaseLock(shop: string): Promise<void>;
  function resizeTo(url: string, width: number): Promise<{ width: number }>;
  function sendMail(mail: { link: string }): Promise<void>;
  function show(text: string): void;
  function stepsOf(job: object): AsyncIterable<{ step: string; done?: boolean }>;
  function syncOrders(shop: string): Promise<number>;
  function tellShop(shop: string, error: unknown): Promise<void>;
  function unlock(): Promise<void>;

  const generateText: typeof import("ai").generateText;
  const tool: typeof import("ai").tool;
  const model: import("ai").LanguageModel;
}
`;

/** The same for pages, which are of a browser. */
export const examplePageNames = `import type * as react from "react";
import type * as sdk from "@pawl/sdk";

declare global {
  const report: sdk.Task<"report.make", { pages: number }, string>;
  const tokens: sdk.RealtimeDefinedStream<string>;
  const token: { readonly id: string; readonly publicAccessToken: string };
  const accessToken: string;
  const ownToken: string;
  const baseURL: string;
  const batchId: string;
  const runId: string;
  const children: react.ReactNode;
  const createElement: typeof react.createElement;
}
`;
