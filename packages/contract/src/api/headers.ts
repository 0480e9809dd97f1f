/** The header with which a client makes its automatic retries safe: the same for all tries of one call. */
export const requestKeyHeader = "x-trigger-request-idempotency-key";
