// @peculiar/x509 needs it and leaves it to the program.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { writeFileSync } from "node:fs";
import { isIP } from "node:net";
import * as x509 from "@peculiar/x509";
import type { LabFolder } from "../labFolder";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
/** Days that a certificate is valid. Every start of the lab issues new ones. */
const VALIDITY_DAYS = 365;

/** The owner of a certificate. */
interface Subject {
  /** The user's name, for Kubernetes. */
  readonly commonName: string;
  /** The user's group, for Kubernetes. */
  readonly organization?: string;
  /** Host names and IP addresses of a server. */
  readonly hosts?: readonly string[];
}

/** A certificate and its private key, both as PEM text and as the path of a file. */
export interface Certificate {
  readonly certificate: string;
  /** PKCS #8. */
  readonly key: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** The lab's own certificate authority. Its keys are in the lab's folder, which others cannot read. */
export class CertificateAuthority {
  private serial = 1;

  private constructor(
    private readonly labFolder: LabFolder,
    private readonly keys: webcrypto.CryptoKeyPair,
    private readonly root: x509.X509Certificate,
    /** The authority's own certificate. */
    public readonly own: Certificate,
  ) {}

  public static async create(labFolder: LabFolder): Promise<CertificateAuthority> {
    const keys = await generateKeys();
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: "01",
      name: "CN=talos-cilium lab",
      ...validity(),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature,
          true,
        ),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    const own = write(labFolder, "ca", root.toString("pem"), await privateKeyPem(keys));
    return new CertificateAuthority(labFolder, keys, root, own);
  }

  /** Issues a certificate that serves a server as well as a client. */
  public async issue(name: string, subject: Subject): Promise<Certificate> {
    const keys = await generateKeys();
    const hosts = subject.hosts ?? [];
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: (++this.serial).toString(16).padStart(2, "0"),
      subject: new x509.Name([
        { CN: [subject.commonName] },
        ...(subject.organization === undefined ? [] : [{ O: [subject.organization] }]),
      ]).toString(),
      issuer: this.root.subject,
      ...validity(),
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
        await x509.AuthorityKeyIdentifierExtension.create(this.keys.publicKey),
        ...(hosts.length === 0
          ? []
          : [
              new x509.SubjectAlternativeNameExtension(
                hosts.map((value) => ({
                  type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const),
                  value,
                })),
              ),
            ]),
      ],
    });
    return write(this.labFolder, name, certificate.toString("pem"), await privateKeyPem(keys));
  }
}

/** Makes a key pair that signs the tokens of service accounts; returns the paths of its files. */
export async function createSigningKeys(
  labFolder: LabFolder,
): Promise<{ privateFile: string; publicFile: string }> {
  const keys = await generateKeys();
  const publicKey = await webcrypto.subtle.exportKey("spki", keys.publicKey);
  const privateFile = labFolder.join("pki", "service-account.key");
  const publicFile = labFolder.join("pki", "service-account.pub");
  writeFileSync(privateFile, await privateKeyPem(keys), { mode: 0o600 });
  writeFileSync(publicFile, x509.PemConverter.encode(publicKey, "PUBLIC KEY"));
  return { privateFile, publicFile };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

async function privateKeyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const bytes = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return x509.PemConverter.encode(bytes, "PRIVATE KEY");
}

function validity(): { notBefore: Date; notAfter: Date } {
  // Clocks may differ by an hour.
  const now = Date.now();
  return {
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + VALIDITY_DAYS * 86_400_000),
  };
}

function write(labFolder: LabFolder, name: string, certificate: string, key: string): Certificate {
  const certificateFile = labFolder.join("pki", `${name}.crt`);
  const keyFile = labFolder.join("pki", `${name}.key`);
  writeFileSync(certificateFile, certificate);
  writeFileSync(keyFile, key, { mode: 0o600 });
  return { certificate, key, certificateFile, keyFile };
}
