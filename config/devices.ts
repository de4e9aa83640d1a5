/** Whether an element of routing.devices matches an interface: it is the name, or a prefix with a trailing +. */
export function matchesDevice(device: string, name: string): boolean {
  return device.endsWith("+") ? name.startsWith(device.slice(0, -1)) : name === device;
}
