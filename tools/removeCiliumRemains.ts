// Stacks that were applied before commands/steps/ existed have this path in their state: a destroy runs it.
import "../commands/steps/removeCiliumLeftovers";
