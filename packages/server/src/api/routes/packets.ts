import { addressAnswerSchema, storeAddressAnswerSchema } from "@pawl/contract/api/answers/access";
import type { AddressAnswer, StoreAddressAnswer } from "@pawl/contract/api/packets";
import { maxPayloadBytes, type PacketType } from "@pawl/contract/packet";
import type { FastifyRequest } from "fastify";
import type { BlobStore } from "../../engine/blob-ports.ts";
import type { EnvironmentStore } from "../../engine/environment-ports.ts";
import { type BlobAccess, isSignedAddress } from "../blob-url.ts";
import { ApiError } from "../errors.ts";
import type { Route } from "../route.ts";
import { publicUrlOf } from "../token-url.ts";
import { notFound, pathPart, refuseNul } from "../validation.ts";

const maxPathLength = 512;

const packetParams = { path: "The path of the packet, encoded as one part: `a%2Fb`." };
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
    accepts: "environment_key",
    document: {
      summary: "Ask where to fetch a packet",
      tag: "Packets",
      params: packetParams,
      answers: { 200: addressAnswerSchema },
    },
    async answer(request, _reply, { environment, blobUrl }): Promise<AddressAnswer> {
      const path = packetPath(request);
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
      bodyType: "application/super+json",
      answers: { 200: null },
    },
    async answer(request, reply) {
      const { environmentId, path } = await signedAddress(request, "PUT", environments);
      const type = packetType(request);
      const text = await readText(request);
      refuseNul(text, "body");
      await blobs.put(environmentId, path, { text, type });
      return reply.send();
    },
  };
}

/**
 * `GET /blobs/:environmentId/:path`: gives the text of a packet back.
 *
 * @param blobs - has it
 * @param environments - knows the keys that the address may have been signed with
 * @returns the route
 */
export function fetchBlobRoute(blobs: BlobStore, environments: Pick<EnvironmentStore, "withKeys">): Route {
  return {
    method: "GET",
    path: "/blobs/:environmentId/:path",
    accepts: "anyone",
    document: {
      summary: "Fetch a packet",
      tag: "Packets",
      description: "At an address that was asked for; it can be used for an hour.",
      params: blobParams,
      answers: { 200: null },
    },
    async answer(request, reply) {
      const { environmentId, path } = await signedAddress(request, "GET", environments);
      const blob = await blobs.get(environmentId, path);
      if (blob === null) throw notFound("packet", path);
      // As bytes, so that nothing is added to the content type.
      return reply.header("content-type", blob.type).send(Buffer.from(blob.text));
    },
  };
}

function packetPath(request: FastifyRequest): string {
  const path = pathPart(request, "path");
  refuseNul(path, "path");
  if (path !== "" && path.length <= maxPathLength) return path;
  throw new ApiError("invalid_request", `path: must be a text of 1 to ${maxPathLength} characters.`, "path");
}

async function signedAddress(
  request: FastifyRequest,
  access: BlobAccess,
  environments: Pick<EnvironmentStore, "withKeys">,
): Promise<{ readonly environmentId: string; readonly path: string }> {
  const address = { access, environmentId: pathPart(request, "environmentId"), path: packetPath(request) };
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(address.environmentId);
  const keys = isUuid ? ((await environments.withKeys(address.environmentId))?.keys ?? []) : [];
  if (isSignedAddress(address, request.query as Readonly<Record<string, unknown>>, keys)) return address; // the router makes nothing else
  throw new ApiError("forbidden", "This is not the address of a packet, or its hour is over. Ask for another.");
}

const packetTypes: readonly PacketType[] = ["application/super+json", "application/json", "text/plain"];

function packetType(request: FastifyRequest): PacketType {
  const given = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  const type = packetTypes.find((one) => one === given);
  if (type !== undefined) return type;
  throw new ApiError(
    "unsupported_media_type",
    `Send the packet with its own type as the header 'Content-Type': ${packetTypes.join(", ")}.`,
    "content-type",
  );
}

async function readText(request: FastifyRequest): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.raw as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxPayloadBytes) {
      throw new ApiError(
        "payload_too_large",
        `A packet has at most ${maxPayloadBytes / 1024 / 1024} MB. Store the data elsewhere and send where it is.`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
