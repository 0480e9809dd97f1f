/** What became of one invariant on a live system. */
export interface InvariantCheck {
  /** The rule, in one sentence. */
  readonly title: string;
  readonly holds: boolean;
  /** How many rows break it; absent where it could not be judged. */
  readonly count?: number;
  /** The first of them. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly durationMs: number;
  /** Why it could not be judged, as when its time was up; it then neither holds nor not. */
  readonly skipped?: string;
}

/** The answer of `GET /api/v1/doctor`. */
export interface DoctorReport {
  readonly invariants: readonly InvariantCheck[];
  readonly durationMs: number;
}
