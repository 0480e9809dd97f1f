/** The version of this package, as requests name it. */
export const sdkVersion = "0.1.0";
