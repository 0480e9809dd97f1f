/** The answer of `GET /api/v1/packets/:path`. */
export interface AddressAnswer {
  /** Where the packet can be fetched, without any other credential. */
  readonly presignedUrl: string;
}

/** The answer of `PUT /api/v2/packets/:path`. */
export interface StoreAddressAnswer {
  /** Where the packet can be sent with PUT, without any other credential; its content type is the packet's. */
  readonly presignedUrl: string;
  /** What the call that needs it names as its payload. */
  readonly storagePath: string;
}
