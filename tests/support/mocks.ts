import * as pulumi from "@pulumi/pulumi";

/** A custom resource as a program registered it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
  /** Reference of its provider: the provider's URN and id. */
  readonly provider: string | undefined;
  /** Other names that it has in the states of older stacks. */
  readonly aliases: readonly string[];
  /** Position among all beginnings and ends: it began before whatever has a larger one. */
  readonly began: number;
  /** Position at which it was made; undefined while it is not. */
  ended?: number;
}

/** Types of custom resources that the program may register; any other one, and any other function call, is an error. */
const KNOWN = new Set([
  "pulumi:providers:kubernetes",
  "command:local:Command",
  "kubernetes:helm.sh/v3:Release",
  "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
  "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy",
  "kubernetes:cilium.io/v2:CiliumLoadBalancerIPPool",
  "kubernetes:cilium.io/v2alpha1:CiliumLoadBalancerIPPool",
  "kubernetes:cilium.io/v2:CiliumBGPAdvertisement",
  "kubernetes:cilium.io/v2:CiliumBGPPeerConfig",
  "kubernetes:cilium.io/v2:CiliumBGPClusterConfig",
  "kubernetes:cilium.io/v2alpha1:CiliumL2AnnouncementPolicy",
]);

export interface MockOptions {
  /** Whether it is a preview. */
  readonly preview?: boolean;
  /** What commands print, by the name of their resource; default "done". */
  readonly stdout?: Readonly<Record<string, string>>;
}

/** The Pulumi runtime under mocks that fail closed. */
export class Mocked {
  /** Custom resources in the order in which they began. */
  public readonly resources: Registered[] = [];
  /** By a resource's name, the hooks that decide whether a failed operation is retried. */
  public readonly onError = new Map<string, string[]>();
  /** By a resource's name, what the engine does with it. */
  public readonly options = new Map<
    string,
    { protect: boolean; retainOnDelete: boolean; ignoreChanges: string[] }
  >();
  private readonly aliases = new Map<string, string[]>();
  private readonly stdout: ReadonlyMap<string, string>;
  private clock = 0;

  private constructor({ stdout = {} }: MockOptions) {
    this.stdout = new Map(Object.entries(stdout));
  }

  /** Starts the runtime anew. Making a resource takes a moment, so that what does not wait is seen to overtake. */
  public static async start(
    config: Record<string, unknown> = {},
    options: MockOptions = {},
  ): Promise<Mocked> {
    const mocked = new Mocked(options);
    pulumi.runtime.setAllConfig(
      Object.fromEntries(
        Object.entries(config).map(([key, value]) => [key, JSON.stringify(value)]),
      ),
    );
    await pulumi.runtime.setMocks(
      {
        newResource: (args) => mocked.newResource(args),
        // The look at the stack's own state: it was never updated.
        call: ({ token }) => {
          if (token === "pulumi:pulumi:readStackOutputs") return { outputs: {} };
          throw new Error(`unexpected call: ${token}`);
        },
      },
      "talos-cilium",
      "test",
      options.preview ?? false,
      "organization",
    );
    mocked.observe(pulumi.runtime.getMonitor() as unknown as Monitor);
    return mocked;
  }

  /** The one resource of a type, or of a type and name. */
  public one(type: string, name?: string): Registered {
    const found = this.resources.filter(
      (resource) => resource.type === type && (name === undefined || resource.name === name),
    );
    const [resource] = found;
    if (resource === undefined || found.length > 1) {
      throw new Error(`${found.length} resources of ${type} ${name ?? ""}, not one`);
    }
    return resource;
  }

  private async newResource(args: pulumi.runtime.MockResourceArgs) {
    const { type, name, inputs, provider, custom } = args;
    if (custom !== true) return { id: undefined, state: inputs };
    if (!KNOWN.has(type)) throw new Error(`unexpected resource: ${type} ${name}`);
    const aliases = this.aliases.get(name) ?? [];
    const resource: Registered = { type, name, inputs, provider, aliases, began: ++this.clock };
    this.resources.push(resource);
    await new Promise((resolve) => setTimeout(resolve, 5));
    resource.ended = ++this.clock;
    return { id: `${name}-id`, state: { ...inputs, stdout: this.stdout.get(name) ?? "done" } };
  }

  /** Notes what the mocks are not told of: error hooks, which they must be made to accept, and aliases. */
  private observe(monitor: Monitor): void {
    monitor.registerErrorHook = (_, callback) => callback(null);
    const registerResource = monitor.registerResource.bind(monitor);
    monitor.registerResource = (request, callback) => {
      this.onError.set(request.getName(), request.getHooks()?.getOnErrorList() ?? []);
      this.aliases.set(
        request.getName(),
        request.getAliasesList().map((alias) => {
          const spec = alias.getSpec();
          return spec === undefined ? alias.getUrn() : spec.getName() || spec.getType();
        }),
      );
      this.options.set(request.getName(), {
        protect: request.getProtect(),
        retainOnDelete: request.getRetainondelete(),
        ignoreChanges: request.getIgnorechangesList(),
      });
      return registerResource(request, callback);
    };
  }
}

/** The part of the engine that Pulumi's mocks stand for. */
interface Monitor {
  registerErrorHook(request: unknown, callback: (error: null) => void): void;
  registerResource(request: RegisterRequest, callback: unknown): unknown;
}

interface RegisterRequest {
  getName(): string;
  getProtect(): boolean;
  getRetainondelete(): boolean;
  getIgnorechangesList(): string[];
  getHooks(): { getOnErrorList(): string[] } | undefined;
  getAliasesList(): {
    getUrn(): string;
    getSpec(): { getName(): string; getType(): string } | undefined;
  }[];
}

/** The URN of a resource; it tells its parents' types. Awaiting it waits until the resource is registered. */
export function urnOf(resource: pulumi.Resource): Promise<string> {
  return new Promise((resolve) => resource.urn.apply(resolve));
}

/** Whether a resource began only after another one was made. */
export function waitedFor(later: Registered, earlier: Registered): boolean {
  return earlier.ended !== undefined && later.began > earlier.ended;
}
