import type { Product } from "../system/product.ts";
import type { Session, SessionPlan } from "./session.ts";
import type { StagePostgres } from "./stage/postgres.ts";
import type { Scale, WorkName } from "./works/work.ts";

/** What all contenders share. */
export interface Stage {
  /** The folder of this bench, removed at its end. */
  readonly dir: string;
  /** The folder that the peers are installed in. */
  readonly peersDir: string;
  readonly postgres: StagePostgres;
  /** Those that are open: whoever ends the bench early closes them. */
  readonly sessions: Set<Session>;
  /** Whether the bench ends early. */
  readonly interrupted: AbortSignal;
  /** Pawl, packed as a user gets it, or from its sources. */
  readonly product: Product;
}

/** Pawl, a peer in one of its set-ups, or a loop that shows what Postgres leaves room for. */
export interface Contender {
  readonly name: string;
  readonly label: string;
  readonly role: "pawl" | "peer" | "floor";
  /** Where it keeps its jobs. */
  readonly store: "postgres" | "redis" | "own";
  /** The package that it is, as its version is looked up; null: Pawl. */
  readonly packageName: string | null;
  /** What it has on and off, in one line. */
  readonly settings: string;
  /** The works that it does not do, each with the reason. */
  readonly lacks: Partial<Readonly<Record<WorkName, string>>>;
  /** Less of something, where it would take minutes. */
  readonly scale?: (scale: Scale) => Partial<Scale>;
  /** Whether a timer of a minute or so has to run out before it notices that its worker was killed. */
  readonly recoversByTimer?: boolean;
  /** Starts it with fresh data. */
  open(stage: Stage, plan: SessionPlan): Promise<Session>;
}
