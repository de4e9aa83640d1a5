import { provider } from "@pulumi/pulumi";
import { COMMAND_PROVIDER_VERSION } from "../../toolchain/tools";
import { LocalCommandProvider } from "./localCommand";

provider
  .main(new LocalCommandProvider(COMMAND_PROVIDER_VERSION), process.argv.slice(2))
  .catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
