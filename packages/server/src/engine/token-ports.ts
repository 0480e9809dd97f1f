/** The use of a public token that is for one use. */
export interface TokenUse {
  /** SHA-256 of the token. */
  readonly hash: Buffer;
  /** The request key of the call: the retries of one call count as one. */
  readonly requestKey: string | null;
  /** When the token is of no use any more, so that its use can be forgotten. */
  readonly expiresAt: Date;
}

/** Remembers which public tokens for one use have been used. */
export interface UsedTokens {
  /** Answers false when another call has used the token. */
  use(use: TokenUse): Promise<boolean>;
}
