import { addressAnswerSchema, storeAddressAnswerSchema } from "@pawl/contract/api/answers/access";
import type { AddressAnswer, StoreAddressAnswer } from "@pawl/contract/api/packets";
import { maxOutputBytes, maxPayloadBytes } from "@pawl/contract/packet";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { BlobStore } from "../../engine/blob-ports.ts";
import type { EnvironmentStore } from "../../engine/environment-ports.ts";
import type { RunReader } from "../../engine/read-ports.ts";
import { requireScope } from "../authentication.ts";
import { type BlobAccess, type BlobAddress, isSignedAddress } from "../blob-url.ts";
import { ApiError } from "../errors.ts";
import { packetType, readPacketText } from "../packet-body.ts";
import type { Route } from "../route.ts";
import { publicUrlOf } from "../token-url.ts";
import { notFound, pathPart, refuseNul } from "../validation.ts";
import { readRunPacket } from "./run-packet.ts";

const maxPathLength = 512;

const packetParams = { path: "The path of the packet, encoded as one part: `a%2Fb`." };
const signedQuerySchema = z.object({ expires: z.string(), signature: z.string() });
const blobParams = { ...packetParams, environmentId: "The environment of the packet." };

/**
 * `PUT /api/v2/packets/:path`: where to send a payload that is too long for the call that needs it. The call then names the path,
 * with the payload type `application/store`, within a day.
 *
 * @returns the route
 */
export function storeAddressRoute(): Route {
  return {
    method: "PUT",
    path: "/api/v2/packets/:path",
    accepts: "environment_key",
    document: {
      summary: "Ask where to send a long payload",
      tag: "Packets",
      description:
        "Send it there with PUT and its own content type; then trigger with the path as the payload and the type `application/store`, within a day.",
      params: packetParams,
      answers: { 200: storeAddressAnswerSchema },
    },
    answer(request, _reply, { blobUrl }): StoreAddressAnswer {
      const path = packetPath(request);
      return { presignedUrl: blobUrl(publicUrlOf(request.raw), "PUT", path), storagePath: path };
    },
  };
}

/**
 * `GET /api/v1/packets/:path`: where to fetch what was sent.
 *
 * @param blobs - knows whether there is anything
 * @returns the route
 */
export function fetchAddressRoute(blobs: BlobStore): Route {
  return {
    method: "GET",
    path: "/api/v1/packets/:path",
    accepts: "public_token",
    document: {
      summary: "Ask where to fetch a packet",
      tag: "Packets",
      params: packetParams,
      answers: { 200: addressAnswerSchema },
      scopes: ["read:runs"],
    },
    async answer(request, _reply, caller): Promise<AddressAnswer> {
      const { environment, blobUrl } = caller;
      const path = packetPath(request);
      // Packets of a run are kept below its id.
      requireScope(caller, "read", [["runs", /^run_[0-9a-z]+/.exec(path)?.[0] ?? "*"]]);
      if ((await blobs.get(environment.id, path)) === null) throw notFound("packet", path);
      return { presignedUrl: blobUrl(publicUrlOf(request.raw), "GET", path) };
    },
  };
}

/**
 * `PUT /blobs/:environmentId/:path`: takes the text of a packet, at an address that was asked for. The content type is the packet's.
 *
 * @param blobs - keeps it
 * @param environments - knows the keys that the address may have been signed with
 * @returns the route
 */
export function storeBlobRoute(blobs: BlobStore, environments: Pick<EnvironmentStore, "withKeys">): Route {
  return {
    method: "PUT",
    path: "/blobs/:environmentId/:path",
    accepts: "anyone",
    isBodyStreamed: true,
    document: {
      summary: "Send a packet",
      tag: "Packets",
      description: "At an address that was asked for; it can be used for an hour.",
      params: blobParams,
      query: signedQuerySchema,
      bodyType: "application/super+json",
      answers: { 200: null },
    },
    async answer(request, reply) {
      const { environmentId, path } = await signedAddress(request, ["PUT"], environments);
      const type = packetType(request);
      const text = await readPacketText(request, isOutput(path) ? maxOutputBytes : maxPayloadBytes);
      refuseNul(text, "body");
      await blobs.put(environmentId, path, { text, type });
      return reply.send();
    },
  };
}

/**
 * `GET /blobs/:environmentId/:path`: gives the text of a packet back.
 *
 * @param sources - what has packets, and the keys that the address may have been signed with
 * @returns the route
 */
export function fetchBlobRoute({ blobs, environments, runs }: PacketSources): Route {
  return {
    method: "GET",
    path: "/blobs/:environmentId/:path",
    accepts: "anyone",
    document: {
      summary: "Fetch a packet",
      tag: "Packets",
      description: "At an address that was asked for; it can be used for an hour.",
      params: blobParams,
      query: signedQuerySchema,
      answers: { 200: null },
    },
    async answer(request, reply) {
      const { access, environmentId, path } = await signedAddress(request, ["GET", "GET_RUN"], environments);
      const packet =
        access === "GET" ? await blobs.get(environmentId, path) : await readRunPacket(runs, environmentId, path);
      if (packet === null) throw notFound("packet", path);
      // As bytes, so that nothing is added to the content type.
      return reply.header("content-type", packet.type).send(Buffer.from(packet.text));
    },
  };
}

/** The original's workers name a packet so that a run has returned. */
function isOutput(path: string): boolean {
  return /\/output\.\w+$/.test(path);
}

interface PacketSources {
  readonly blobs: Pick<BlobStore, "get">;
  readonly environments: Pick<EnvironmentStore, "withKeys">;
  readonly runs: Pick<RunReader, "retrieve">;
}

function packetPath(request: FastifyRequest): string {
  const path = pathPart(request, "path");
  refuseNul(path, "path");
  if (path !== "" && path.length <= maxPathLength) return path;
  throw new ApiError("invalid_request", `path: must be a text of 1 to ${maxPathLength} characters.`, "path");
}

async function signedAddress(
  request: FastifyRequest,
  accesses: readonly BlobAccess[],
  environments: Pick<EnvironmentStore, "withKeys">,
): Promise<BlobAddress> {
  const address = { environmentId: pathPart(request, "environmentId"), path: packetPath(request) };
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(address.environmentId);
  const keys = isUuid ? ((await environments.withKeys(address.environmentId))?.keys ?? []) : [];
  const query = request.query as Readonly<Record<string, unknown>>; // the router makes nothing else
  const access = accesses.find((one) => isSignedAddress({ ...address, access: one }, query, keys));
  if (access !== undefined) return { ...address, access };
  throw new ApiError("forbidden", "This is not the address of a packet, or its hour is over. Ask for another.");
}
