import { parseArgs } from "node:util";
import { stringify } from "yaml";
import {
  isControlPlaneOnly,
  omniPatch,
  readStackSettings,
  type TalosForm,
  talosPatch,
  type YamlDocument,
} from "../config";

const USAGE = `npm run -s talos-patch -- --stack prod [--form classic|documents] [--omni]
  --stack  whose configuration
  --form   classic: the one v1alpha1 document; documents: from Talos 1.14; default: by cluster.talos of the stack
  --omni   patches for an Omni cluster template, instead of patches for talosctl`;

/** Exit code when the command was called wrongly. */
const USAGE_EXIT_CODE = 2;

/** What the command was called with. */
interface Call {
  /** Name of the stack. */
  readonly stack: string;
  /** Form of the patch; undefined: by the stack's version of Talos. */
  readonly form: TalosForm | undefined;
  /** Whether the patch is for an Omni cluster template. */
  readonly omni: boolean;
}

/** The command was called wrongly; its message is a sentence that the usage follows. */
class UsageError extends Error {}

/** The patch of a stack as a stream of YAML documents. */
function patchText({ stack, form, omni }: Call): string {
  const settings = readStackSettings(stack);
  const patch = omni ? omniPatch : talosPatch;
  return patch(settings, form)
    .map((document) => `${hint(document, omni)}${stringify(document, { lineWidth: 0 })}`)
    .join("---\n");
}

/** A comment about what must be known of a document to use it; empty where there is nothing to know. */
function hint(document: YamlDocument, omni: boolean): string {
  if (omni) {
    return `# Add these to the patches of the template's document of kind ${document.kind}.\n`;
  }
  return isControlPlaneOnly(document)
    ? "# For control planes only, as workers refuse this kind: talosctl's --config-patch-control-plane.\n"
    : "";
}

function readCall(args: string[]): Call {
  const { stack, form, omni } = readOptions(args);
  if (stack === undefined)
    throw new UsageError("--stack: missing; name a stack, like --stack prod");
  if (form !== undefined && form !== "classic" && form !== "documents") {
    throw new UsageError(`--form: there is no such form (${form}); take classic or documents`);
  }
  return { stack, form, omni };
}

function readOptions(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        stack: { type: "string" },
        form: { type: "string" },
        omni: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

try {
  process.stdout.write(patchText(readCall(process.argv.slice(2))));
} catch (error) {
  const { message } = error as Error;
  if (error instanceof UsageError) {
    console.error(`${message}\n\n${USAGE}`);
    process.exitCode = USAGE_EXIT_CODE;
  } else {
    console.error(message);
    process.exitCode = 1;
  }
}
