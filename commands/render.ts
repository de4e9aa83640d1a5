import { PROJECT, readStackConfig, type StackConfig } from "../config";
import { newCommand, runCommand, settingsOption, stackOption } from "./commandLine";
import { readSettingsOf, type SettingsSource } from "./settings";

const command = newCommand(
  "npm run -s render --",
  "Prints every object that a stack makes or lets Helm make, as YAML in a stable order, without a cluster. What is secret is " +
    "not shown. It needs helm on PATH.",
)
  .addOption(stackOption())
  .addOption(settingsOption())
  .action(printStack);

async function printStack(source: SettingsSource): Promise<void> {
  const { stack, config } = readSource(source);
  // Loaded here: the help comes sooner.
  const { renderStack }: typeof import("../render/renderStack") = require("../render/renderStack");
  const { Marks }: typeof import("../render/marks") = require("../render/marks");
  const { printObjects }: typeof import("../render/stream") = require("../render/stream");
  const rendered = await renderStack({
    folder: `${__dirname}/..`,
    stack,
    config,
    marks: new Marks(),
  });
  process.stdout.write(printObjects(rendered));
}

function readSource(source: SettingsSource): { stack: string; config: StackConfig } {
  if (source.settings === undefined && source.stack !== undefined) {
    return { stack: source.stack, config: readStackConfig(source.stack) };
  }
  const settings = readSettingsOf(command, source);
  const config = Object.entries(settings).map(([key, value]) => [`${PROJECT}:${key}`, value]);
  return { stack: settings.cluster.name, config: Object.fromEntries(config) };
}

runCommand(command);
