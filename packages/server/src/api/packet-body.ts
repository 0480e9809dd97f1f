import type { PacketType } from "@pawl/contract/packet";
import type { FastifyRequest } from "fastify";
import { ApiError } from "./errors.ts";

const packetTypes: readonly PacketType[] = ["application/super+json", "application/json", "text/plain"];

/**
 * Reads from the header of a request how the packet in its body is to be read.
 *
 * @param request - the request
 * @returns the packet's type
 * @throws ApiError `unsupported_media_type`
 */
export function packetType(request: FastifyRequest): PacketType {
  const given = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  const type = packetTypes.find((one) => one === given);
  if (type !== undefined) return type;
  throw new ApiError(
    "unsupported_media_type",
    `Send the packet with its own type as the header 'Content-Type': ${packetTypes.join(", ")}.`,
    "content-type",
  );
}

/**
 * Reads the text of a packet from the body of a request, which is read as it comes.
 *
 * @param request - the request
 * @param maxBytes - the longest text, in bytes of UTF-8
 * @returns the text
 * @throws ApiError `payload_too_large`
 */
export async function readPacketText(request: FastifyRequest, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.raw as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new ApiError(
        "payload_too_large",
        `A packet has at most ${maxBytes / 1024 / 1024} MB. Store the data elsewhere and send where it is.`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
