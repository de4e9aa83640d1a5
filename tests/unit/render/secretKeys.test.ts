import assert from "node:assert/strict";
import { isHarmless, isSecretKey } from "../../../render/secretKeys";

describe("names of secrets", () => {
  it("are told in any spelling, with what follows them", () => {
    for (const key of [
      ...[
        "password",
        "Password1",
        "dbPassword",
        "DB_PASSWORD",
        "db.password",
        "PASSWORD_PROD",
        "passwordHash",
      ],
      ...["token", "apiToken", "GITHUB_TOKEN", "tokens", "--token", "example.com/api-token"],
      ...["secret", "clientSecret", "secretKey", "AWS_SECRET_ACCESS_KEY", "secret_id", "accessKey"],
      ...["apiKey", "APIKey", "private-key", "tls.key", "ca.crt", "caBundle", "credentials"],
      ...["connectionString", ".dockerconfigjson", "Authorization", "ipsecKey", "kubeconfig"],
    ]) {
      assert.ok(isSecretKey(key), key);
    }
  });

  it("are not names of what says where or what a secret is", () => {
    for (const key of [
      ...[
        "secretName",
        "secretRef",
        "secretNamespace",
        "existingSecret",
        "imagePullSecrets",
        "imagePullSecret",
      ],
      ...[
        "secretKeyRef",
        "passwordKey",
        "tokenFile",
        "token-path",
        "TOKEN_TTL",
        "accessKeyId",
        "authSecretRef",
      ],
      ...[
        "enable-secrets-sync",
        "tls-secrets-namespace",
        "hubble-tls-key-file",
        "ipsec-key-rotation-duration",
      ],
      ...[
        "checksum/secret",
        "automount",
        "author",
        "monkey",
        "compass",
        "keyboard",
        "tokenizer",
        "secretary",
      ],
      ...["key", "keys", "data", "name", "tls", "cert", "kubernetes.io/metadata.name"],
    ]) {
      assert.ok(!isSecretKey(key), key);
    }
  });

  it("have harmless values: switches, paths, durations, references to variables", () => {
    for (const value of [true, null, 42, "", "true", "24h", "/var/run/secrets/token", "$(TOKEN)"]) {
      assert.ok(isHarmless(value), String(value));
    }
    for (const value of [123456, "hunter2", "/3fKd/9sL", "true love", "$ecret"]) {
      assert.ok(!isHarmless(value), String(value));
    }
  });
});
