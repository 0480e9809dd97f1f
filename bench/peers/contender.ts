import type { Product } from "../system/product.ts";
import type { Session, SessionPlan } from "./session.ts";
import type { StagePostgres } from "./stage/postgres.ts";
import type { WorkName } from "./works/work.ts";

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

/** Pawl or a peer in one of its set-ups. */
export interface Contender {
  readonly name: string;
  readonly label: string;
  /** Where it keeps its jobs. */
  readonly store: "postgres" | "redis" | "own";
  /** The package that it is, as its version is looked up; null: Pawl. */
  readonly packageName: string | null;
  /** What it has on and off, in one line. */
  readonly settings: string;
  /** The works that it does not do, each with the reason. */
  readonly lacks: Partial<Readonly<Record<WorkName, string>>>;
  /** What its jobs until all have finished are divided by, as it would take minutes; default: 1. */
  readonly jobsDividedBy?: number;
  /** What its backlog is divided by; default: 1. */
  readonly backlogDividedBy?: number;
  /** Starts it with fresh data. */
  open(stage: Stage, plan: SessionPlan): Promise<Session>;
}
