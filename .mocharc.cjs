module.exports = {
  require: "ts-node/register",
  extension: ["ts"],
  "forbid-only": true,
  // A loaded machine needs more than 2 s for a hook; tests that use a lab say their own.
  timeout: 60_000,
  // On a CI machine a depth that cannot run is a failure, never a skip.
  "forbid-pending": process.env.CI === "true",
  reporter: "./tests/reporter.ts",
};
