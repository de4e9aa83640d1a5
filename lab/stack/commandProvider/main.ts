import { main } from "@pulumi/pulumi/provider";
import { VERSIONS } from "../../toolchain/versions";
import { LocalCommandProvider } from "./localCommand";

main(new LocalCommandProvider(VERSIONS.pulumiCommand.slice(1)), process.argv.slice(2)).catch(
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
