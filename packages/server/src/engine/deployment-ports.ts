/** A version as it was brought to an environment. */
export interface DeploymentRecord {
  /** The UUID of the version. */
  readonly id: string;
  readonly label: string;
  readonly contentHash: string;
  readonly createdAt: Date;
}

/** A page of deployments, newest first. */
export interface DeploymentPage {
  readonly deployments: readonly DeploymentRecord[];
  readonly hasNext: boolean;
  readonly hasPrevious: boolean;
}

/** Reads the versions that were brought to environments. */
export interface DeploymentReader {
  /** The one whose code new runs execute; null before the first. */
  current(environmentId: string): Promise<DeploymentRecord | null>;
  list(
    environmentId: string,
    page: {
      /** Null: from the newest on. */
      readonly cursor: { readonly direction: "after" | "before"; readonly id: string } | null;
      /** Made at this time or later; null: whenever. */
      readonly from: Date | null;
      /** Made at this time or earlier; null: whenever. */
      readonly to: Date | null;
      readonly size: number;
    },
  ): Promise<DeploymentPage>;
}
