// What the server needs of the store for people and their tokens.

/** A personal token as it is listed: the token itself is kept nowhere. */
export interface PersonalToken {
  readonly id: string;
  /** The one environment that it opens; null: all. */
  readonly environmentId: string | null;
  readonly name: string;
  /** Its last four characters. */
  readonly ending: string;
  readonly createdAt: Date;
}

/** A token that was just made. */
export interface MadePersonalToken extends PersonalToken {
  /** In the form `tr_pat_…`. */
  readonly token: string;
}

/** Personal tokens. */
export interface PersonalTokenStore {
  /** Null when the token is not valid. */
  find(token: string): Promise<PersonalToken | null>;
  create(token: Pick<PersonalToken, "environmentId" | "name">): Promise<MadePersonalToken>;
  /** The valid tokens that open an environment, the newest first; those that open all of them among them. */
  list(environmentId: string): Promise<readonly PersonalToken[]>;
  /** Answers whether a valid token with that id opened the environment. */
  revoke(environmentId: string, id: string): Promise<boolean>;
}

/** A program that asks for a personal token. */
export interface NewLoginRequest {
  /** SHA-256 of the program's own secret, in base64url. */
  readonly challenge: string;
  /** Where it listens on its own machine; null: nowhere. */
  readonly callbackPort: number | null;
}

/** A request for a personal token, with both of its codes. */
export interface MadeLoginRequest {
  /** Names the request. */
  readonly code: string;
  /** Proves to the page that its reader can read what the server prints, as `ABCD-EFGH`. */
  readonly confirmation: string;
}

/** What a person's answer came to. */
export type LoginApproval =
  /** The approval, as `ABCD-EFGH-JKLM`, is for the program that asked. */
  | { readonly kind: "approved"; readonly approval: string; readonly callbackPort: number | null }
  | { readonly kind: "wrong"; readonly triesLeft: number }
  | { readonly kind: "over" };

/** What a program's try to get its token came to. */
export type LoginRedemption =
  | { readonly kind: "redeemed"; readonly token: MadePersonalToken }
  | { readonly kind: "waiting" }
  | { readonly kind: "wrong"; readonly triesLeft: number }
  | { readonly kind: "over" };

/** Requests for personal tokens, each for ten minutes. */
export interface LoginRequestStore {
  /** Null when too many wait already. */
  create(request: NewLoginRequest): Promise<MadeLoginRequest | null>;
  /** Whether a request still waits for its approval. */
  isOpen(code: string): Promise<boolean>;
  /** Approves a request, once. */
  approve(code: string, confirmation: string): Promise<LoginApproval>;
  /** Gives the token to the program that asked, once. */
  redeem(code: string, proof: { readonly verifier: string; readonly approval: string }): Promise<LoginRedemption>;
}
