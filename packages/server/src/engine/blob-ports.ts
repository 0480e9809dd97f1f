import type { PacketType } from "@pawl/contract/packet";

/** The text of a packet that was sent ahead of the call that needs it. */
export interface Blob {
  readonly text: string;
  readonly type: PacketType;
}

/** Keeps packets for a day, under paths that their senders choose. */
export interface BlobStore {
  /** The first blob of a path stays. */
  put(environmentId: string, path: string, blob: Blob): Promise<void>;
  get(environmentId: string, path: string): Promise<Blob | null>;
}
