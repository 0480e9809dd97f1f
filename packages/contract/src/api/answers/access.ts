import { z } from "zod";
import { type ApiErrorBody, type ApiErrorCode, apiErrors } from "../../errors.ts";
import type { DoctorReport } from "../doctor.ts";
import type { AddressAnswer, StoreAddressAnswer } from "../packets.ts";
import type { PublicTokenAnswer, TokenClaimsAnswer } from "../public-tokens.ts";
import { countSchema, idSchema, jsonObjectSchema } from "./fields.ts";

/** See {@link TokenClaimsAnswer}. */
export const tokenClaimsSchema = z.object({
  sub: idSchema("env"),
  pub: z.literal(true),
}) satisfies z.ZodType<TokenClaimsAnswer>;

/** See {@link PublicTokenAnswer}. */
export const publicTokenAnswerSchema = z.object({ token: z.string() }) satisfies z.ZodType<PublicTokenAnswer>;

/** See {@link AddressAnswer}. */
export const addressAnswerSchema = z.object({ presignedUrl: z.string() }) satisfies z.ZodType<AddressAnswer>;

/** See {@link StoreAddressAnswer}. */
export const storeAddressAnswerSchema = z.object({
  presignedUrl: z.string(),
  storagePath: z.string(),
}) satisfies z.ZodType<StoreAddressAnswer>;

/** The answer of `GET /healthz`. */
export const healthSchema = z.object({ status: z.literal("ok"), version: z.string() });

/** The answer to a change that has nothing to tell. */
export const successSchema = z.object({ success: z.literal(true) });

/** See {@link DoctorReport}. */
export const doctorReportSchema = z.object({
  invariants: z.array(
    z.object({
      title: z.string(),
      holds: z.boolean(),
      count: countSchema.exactOptional(),
      rows: z.array(jsonObjectSchema),
      durationMs: z.number(),
      skipped: z.string().exactOptional(),
    }),
  ),
  durationMs: z.number(),
}) satisfies z.ZodType<DoctorReport>;

const errorCodes = Object.keys(apiErrors) as [ApiErrorCode, ...ApiErrorCode[]]; // the keys of a literal: non-empty

/** See {@link ApiErrorBody}. */
export const apiErrorSchema = z
  .object({
    error: z.string().describe("What happened and what to do next."),
    code: z.enum(errorCodes),
    param: z.string().exactOptional().describe("The field of the request that is at fault."),
  })
  .meta({ id: "Error" }) satisfies z.ZodType<ApiErrorBody>;
