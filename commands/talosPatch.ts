import { Option } from "commander";
import { stringify } from "yaml";
import {
  isControlPlaneOnly,
  omniPatch,
  type TalosForm,
  talosPatch,
  type YamlDocument,
} from "../config";
import { newCommand, runCommand, settingsOption, stackOption } from "./commandLine";
import { readSettingsOf, type SettingsSource } from "./settings";

type Options = SettingsSource & {
  /** Default: the form that the stack's version of Talos has. */
  readonly form?: TalosForm;
  readonly omni?: boolean;
};

const command = newCommand(
  "npm run -s talos-patch --",
  "Prints the patch of Talos' machine config that a stack requires, as YAML.",
)
  .addOption(stackOption())
  .addOption(settingsOption())
  .addOption(
    new Option(
      "--form <form>",
      "classic: the one v1alpha1 document; documents: from Talos 1.14; default: by cluster.talos of the stack",
    ).choices(["classic", "documents"]),
  )
  .option("--omni", "patches for an Omni cluster template, instead of patches for talosctl")
  .action((options: Options) => {
    process.stdout.write(patchText(options));
  });

/** The patch as a stream of YAML documents. */
function patchText({ form, omni = false, ...source }: Options): string {
  const settings = readSettingsOf(command, source);
  const documents = omni ? omniPatch(settings, form) : talosPatch(settings, form);
  return documents
    .map((document) => `${hint(document, omni)}${stringify(document, { lineWidth: 0 })}`)
    .join("---\n");
}

/** A comment that says where a document belongs; empty where it belongs everywhere. */
function hint(document: YamlDocument, omni: boolean): string {
  if (omni) {
    return `# Add these to the patches of the template's document of kind ${document.kind}.\n`;
  }
  return isControlPlaneOnly(document)
    ? "# For control planes only, as workers refuse this kind: talosctl's --config-patch-control-plane.\n"
    : "";
}

runCommand(command);
