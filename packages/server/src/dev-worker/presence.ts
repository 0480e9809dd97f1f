/** Who is told when dev sessions come and go. */
export interface PresenceListener {
  /** A session gave a sign of life: its stream was opened, or still stands a few seconds later. */
  seen(environmentId: string): void;
  /** The last stream of the environment on this server has ended. The session may come back, here or at another server. */
  left(environmentId: string): void;
}

/**
 * Knows for which environments a dev session of the original's command line is connected to this server. A session holds one
 * stream open for as long as it lives, and opens it again when it breaks; nothing else says that it is there. It sends no name:
 * sessions of one environment are counted, not told apart.
 */
export class Presence {
  readonly #streams = new Map<string, number>();
  readonly #ends = new Set<() => void>();
  readonly #listeners = new Set<PresenceListener>();

  /**
   * Notes that a session has opened its stream.
   *
   * @param environmentId - whose key it showed
   * @param end - ends the stream, when the server stops
   * @returns says that the stream has ended; safe twice
   */
  arrive(environmentId: string, end: () => void): () => void {
    this.#ends.add(end);
    this.#streams.set(environmentId, this.#count(environmentId) + 1);
    this.seen(environmentId);
    let isHere = true;
    return () => {
      if (!isHere) return;
      isHere = false;
      this.#ends.delete(end);
      const left = this.#count(environmentId) - 1;
      if (left > 0) {
        this.#streams.set(environmentId, left);
        return;
      }
      this.#streams.delete(environmentId);
      for (const listener of this.#listeners) listener.left(environmentId);
    };
  }

  /** Passes a sign of life on, of a stream or of another call of a session. */
  seen(environmentId: string): void {
    for (const listener of this.#listeners) listener.seen(environmentId);
  }

  /** Whether a session of the environment has its stream open at this server. */
  isHere(environmentId: string): boolean {
    return this.#streams.has(environmentId);
  }

  /** Adds a listener; what is returned removes it. */
  listen(listener: PresenceListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Ends every stream: sessions come back to another server, or to this one when it is up again. */
  close(): void {
    for (const end of this.#ends) end();
  }

  #count(environmentId: string): number {
    return this.#streams.get(environmentId) ?? 0;
  }
}
