module.exports = {
  require: "ts-node/register",
  extension: ["ts"],
  "forbid-only": true,
  // On a CI machine a depth that cannot run is a failure, never a skip.
  "forbid-pending": process.env.CI === "true",
  reporter: "./tests/reporter.ts",
};
