export { makeEnvironment, type TestDatabase, type TestDatabaseSettings, withDatabase } from "./database.ts";
export { assertInvariants, brokenInvariants } from "./invariants.ts";
export {
  type HeldLock,
  holdLock,
  type RaceDatabase,
  type RacePoint,
  raceDatabase,
  untilBlocked,
} from "./race-points.ts";
export { sharedPostgres } from "./shared-postgres.ts";
